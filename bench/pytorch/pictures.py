"""Trains a published GAN on images and keeps pictures that it draws: JSON from standard input, JSON to standard output.

{ preset, batch, threads, seed, steps, images: raw bytes [N, 28, 28], count, out: an .npy to write } gives { seconds }. On CUDA
where there is a device.
"""

import json
import sys
import time

import numpy
import torch
from gan import LATENT, Training

DRAWN_AT_ONCE = 500


class Seeing(Training):
    """Sees all images once in each epoch, in a new order."""

    def __init__(self, images, **options):
        super().__init__(device="cuda" if torch.cuda.is_available() else "cpu", **options)
        self.all = images.to(self.device)
        self.order = torch.empty(0, dtype=torch.long)

    def real_images(self):
        if len(self.order) < self.batch:
            self.order = torch.randperm(len(self.all), device=self.device)
        chosen, self.order = self.order[: self.batch], self.order[self.batch :]
        return self.all[chosen].unsqueeze(1).float() * (2 / 255) - 1


def draw(generator, count, device):
    """As bytes [count, 28, 28], by the statistics of training where there is batch normalisation."""
    generator.eval()
    with torch.no_grad():
        parts = [
            generator(torch.randn(min(DRAWN_AT_ONCE, count - start), LATENT, device=device))
            for start in range(0, count, DRAWN_AT_ONCE)
        ]
    return ((torch.cat(parts).squeeze(1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()


def main():
    given = json.load(sys.stdin)
    images = numpy.fromfile(given["images"], dtype=numpy.uint8).reshape(-1, 28, 28)
    options = {key: given[key] for key in ("preset", "batch", "threads", "seed")}
    training = Seeing(torch.from_numpy(images), **options)
    start = time.perf_counter()
    training.run(given["steps"])
    seconds = time.perf_counter() - start
    numpy.save(given["out"], draw(training.generator, given["count"], training.device))
    json.dump({"seconds": seconds, "description": training.description}, sys.stdout)


if __name__ == "__main__":
    main()
