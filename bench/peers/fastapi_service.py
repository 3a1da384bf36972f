"""A generator behind FastAPI, as its users write it: python fastapi_service.py MODEL PORT THREADS."""

import sys
from typing import Literal

import uvicorn
from fastapi import FastAPI, Response
from pictures import TYPES, Generator, encode
from pydantic import BaseModel, Field

path, port, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
generator = Generator(path, threads)
app = FastAPI()


class Sample(BaseModel):
    seed: int = Field(ge=0)
    count: int = Field(default=1, ge=1, le=256)
    format: Literal["raw", "png", "grid"] = "png"


# Without `async` it runs in a pool of threads, beside the event loop, and onnxruntime lets go of Python's lock.
@app.post("/v1/sample")
def sample(wanted: Sample):
    images = generator.draw(generator.latents(wanted.seed, wanted.count))
    return Response(encode(images, wanted.format), media_type=TYPES[wanted.format])


if __name__ == "__main__":
    uvicorn.run(app, port=port, log_level="warning")
