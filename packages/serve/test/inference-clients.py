"""Draws through the Open Inference Protocol with tritonclient and KServe's SDK; prints what came as JSON."""

import asyncio
import json
import sys

import numpy as np
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from tritonclient.utils import InferenceServerException

URL, MODEL = sys.argv[1:3]
z = np.array(json.load(sys.stdin), dtype=np.float32)
WAYS = [(given, wanted) for given in (False, True) for wanted in (False, True)]


def levels(array):
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": array.ravel().tolist()}


def refused(ask):
    try:
        ask()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return None


def with_triton():
    client = triton.InferenceServerClient(URL.removeprefix("http://"))

    def infer(array, datatype="FP32", binary=(True, True), model=MODEL, **options):
        given = triton.InferInput("z", list(array.shape), datatype)
        given.set_data_from_numpy(array, binary_data=binary[0])
        wanted = triton.InferRequestedOutput("image", binary_data=binary[1])
        return client.infer(model, [given], outputs=[wanted], **options)

    images = [infer(z, binary=way).as_numpy("image") for way in WAYS]
    # Without outputs, all of them come as bytes.
    given = triton.InferInput("z", list(z.shape), "FP32")
    given.set_data_from_numpy(z)
    images.append(client.infer(MODEL, [given], request_id="7").as_numpy("image"))
    images.append(infer(z, request_compression_algorithm="gzip").as_numpy("image"))
    images.append(infer(z, model_version="1").as_numpy("image"))
    answer = {
        "live": client.is_server_live(),
        "ready": [
            client.is_server_ready(),
            client.is_model_ready(MODEL),
            client.is_model_ready(MODEL, "1"),
            client.is_model_ready(MODEL, "2"),
            client.is_model_ready("other"),
        ],
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata(MODEL),
        "config": client.get_model_config(MODEL),
        "stats": client.get_inference_statistics(MODEL),
        "id": client.infer(MODEL, [given], request_id="7").get_response()["id"],
        "images": [levels(image) for image in images],
        "refused": [
            refused(lambda: infer(z.astype(np.float64), "FP64")),
            refused(lambda: infer(z[:, 1:])),
            refused(lambda: infer(z[:0])),
            refused(lambda: infer(z, model="other")),
            refused(lambda: infer(z, model_version="2")),
            refused(lambda: infer(np.repeat(z, 200, axis=0))),
        ],
    }
    client.close()
    return answer


async def with_kserve():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))

    async def infer(array, datatype, binary, model=MODEL):
        given = InferInput("z", list(array.shape), datatype)
        given.set_data_from_numpy(array, binary_data=binary[0])
        wanted = RequestedOutput("image", {"binary_data": binary[1]})
        request = InferRequest(model, [given], request_outputs=[wanted])
        response = await client.infer(URL, request, model_name=model)
        return response.outputs[0].as_numpy()

    async def refused(*ask):
        try:
            await infer(*ask)
        except Exception as error:
            return str(error)

    answer = {
        "live": await client.is_server_live(URL),
        "ready": [await client.is_server_ready(URL), await client.is_model_ready(URL, MODEL)],
        "images": [levels(await infer(z, "FP32", way)) for way in WAYS],
        "refused": [
            await refused(z.astype(np.float64), "FP64", (True, True)),
            await refused(z[:, 1:], "FP32", (False, False)),
            await refused(z, "FP32", (True, True), "other"),
        ],
    }
    await client.close()
    return answer


print(json.dumps({"triton": with_triton(), "kserve": asyncio.run(with_kserve())}))
