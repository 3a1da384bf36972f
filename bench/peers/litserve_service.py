"""A generator behind LitServe, with its batching: python litserve_service.py MODEL PORT THREADS."""

import sys

import litserve
import numpy
from fastapi import Response
from pictures import TYPES, Generator, encode

# Requests of a run; those that wait share one, and none waits for more.
MAX_BATCH = 64


class Pictures(litserve.LitAPI):
    def __init__(self, path, threads):
        super().__init__(max_batch_size=MAX_BATCH, batch_timeout=0, api_path="/v1/sample")
        self.path, self.threads = path, threads

    def setup(self, device):
        self.generator = Generator(self.path, self.threads)

    def decode_request(self, request):
        latents = self.generator.latents(request["seed"], request["count"])
        return latents, request["format"]

    def batch(self, inputs):
        return numpy.concatenate([latents for latents, _ in inputs]), inputs

    def predict(self, batch):
        latents, inputs = batch
        return self.generator.draw(latents), inputs

    def unbatch(self, output):
        images, inputs = output
        ends = numpy.cumsum([len(latents) for latents, _ in inputs])[:-1]
        return [(part, format) for part, (_, format) in zip(numpy.split(images, ends), inputs)]

    def encode_response(self, output):
        images, format = output
        return Response(encode(images, format), media_type=TYPES[format])


if __name__ == "__main__":
    path, port, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = litserve.LitServer(Pictures(path, threads), accelerator="cpu", fast_queue=True)
    server.run(host="127.0.0.1", port=port, log_level="warning", generate_client_file=False, num_api_servers=1)
