"""torch-fidelity's metrics of two sets of features, float32 [n, dim] each, from standard input: prints JSON."""

import json
import sys

import numpy as np
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

dim = int(sys.argv[1])
both = np.frombuffer(sys.stdin.buffer.read(), dtype="<f4").reshape(2, -1, dim)
real, generated = (torch.from_numpy(part.copy()) for part in both)
count = len(real)
quiet = {"verbose": False}
statistics = [fid_features_to_statistics(part) for part in (generated, real)]
fid = fid_statistics_to_metric(*statistics, False)
# One subset of all rows is the estimate itself.
kid = kid_features_to_metric(generated, real, kid_subsets=1, kid_subset_size=count, rng_seed=0, **quiet)
isc = isc_features_to_metric(generated, splits=1, shuffle=False)
prc = prc_features_to_metric(generated, real, prc_neighborhood=3, **quiet)
print(
    json.dumps(
        {
            "frechet": float(fid["frechet_inception_distance"]),
            "kid": float(kid["kernel_inception_distance_mean"]),
            "score": float(isc["inception_score_mean"]),
            "precision": float(prc["precision"]),
            "recall": float(prc["recall"]),
        }
    )
)
