"""
torch-fidelity's metrics of two sets of features, float32 [n, dim] each, from standard input: prints JSON. MIND, which its releases
lack so far, by NumPy from its formula, with directions that come after the features: float32 [directions, dim]. And
PyTorch's resizing of an image of numbers, [5, 7].
"""

import json
import sys

import numpy as np
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

dim, directions = int(sys.argv[1]), int(sys.argv[2])
rows = np.frombuffer(sys.stdin.buffer.read(), dtype="<f4").reshape(-1, dim)
both, ways = rows[:-directions], rows[-directions:].astype(np.float64)
real, generated = (torch.from_numpy(part.copy()) for part in both.reshape(2, -1, dim))
count = len(real)
quiet = {"verbose": False}
statistics = [fid_features_to_statistics(part) for part in (generated, real)]
fid = fid_statistics_to_metric(*statistics, False)
# One subset of all rows is the estimate itself.
kid = kid_features_to_metric(generated, real, kid_subsets=1, kid_subset_size=count, rng_seed=0, **quiet)
isc = isc_features_to_metric(generated, splits=1, shuffle=False)
prc = prc_features_to_metric(generated, real, prc_neighborhood=3, **quiet)
# 3 · d times the mean, over directions, of the mean square between sorted projections.
ways /= np.linalg.norm(ways, axis=1, keepdims=True)
sorted_rows = [np.sort(part.numpy().astype(np.float64) @ ways.T, axis=0) for part in (real, generated)]
mind = 3 * dim * np.mean((sorted_rows[0] - sorted_rows[1]) ** 2)
image = torch.tensor([(37 * i) % 101 for i in range(35)], dtype=torch.float64).reshape(1, 1, 5, 7)
resized = [
    torch.nn.functional.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)
    for size in ((3, 11), (13, 4))
]
print(
    json.dumps(
        {
            "frechet": float(fid["frechet_inception_distance"]),
            "mind": float(mind),
            "kid": float(kid["kernel_inception_distance_mean"]),
            "score": float(isc["inception_score_mean"]),
            "precision": float(prc["precision"]),
            "recall": float(prc["recall"]),
            "resized": [image.flatten().tolist() for image in resized],
        }
    )
)
