"""What both peers draw with: a generator.onnx on onnxruntime, and Pillow."""

import io
import math

import numpy
import onnxruntime
from PIL import Image


class Generator:
    """A generator.onnx: z float32 [N, latent] → image uint8 [N, H, W, C]."""

    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.latent = self.session.get_inputs()[0].shape[1]

    def latents(self, seed, count):
        """[count, latent]: the same for a seed, though not those that ganport has."""
        return numpy.random.default_rng(seed).standard_normal((count, self.latent), dtype=numpy.float32)

    def draw(self, latents):
        return self.session.run(["image"], {"z": latents})[0]


def encode(images, format):
    """uint8 [N, H, W, C] as bytes, or as one PNG: a square grid of them, with black where none is left."""
    if format == "raw":
        return images.tobytes()
    count, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    cells = numpy.zeros((rows * columns, height, width, channels), numpy.uint8)
    cells[:count] = images
    grid = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    file = io.BytesIO()
    Image.fromarray(grid[..., 0] if channels == 1 else grid).save(file, "png")
    return file.getvalue()


TYPES = {"raw": "application/octet-stream", "png": "image/png", "grid": "image/png"}
