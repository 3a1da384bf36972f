"""What TensorBoard itself reads of a folder: scalars and images, as JSON."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]}
images = {
    tag: [[e.step, e.width, e.height, len(e.encoded_image_string)] for e in events.Images(tag)]
    for tag in tags["images"]
}
print(json.dumps({"scalars": scalars, "images": images}))
