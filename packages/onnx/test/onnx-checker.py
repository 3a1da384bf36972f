"""Reads pairs of files from standard input, each file after its length in four bytes: a model, and what our codec
makes of it (empty where it refuses). Writes for each pair a line of JSON: the refusal of onnx.checker or null, and
whether protobuf reads the same from both or null where there is nothing to compare. The first line is ONNX's version.
"""

import json
import struct
import sys

import onnx
import onnx.checker


def read_file():
    head = sys.stdin.buffer.read(4)
    return sys.stdin.buffer.read(struct.unpack("<I", head)[0]) if head else None


def refusal_of(data):
    try:
        onnx.checker.check_model(data)
        return None
    except UnicodeDecodeError as error:  # The message quotes a name of the file that is not UTF-8.
        return error.object.decode("utf-8", "backslashreplace")
    except Exception as error:  # Parsing and checking raise several kinds.
        return str(error) or type(error).__name__


def known_fields(data):
    model = onnx.ModelProto.FromString(data)
    model.DiscardUnknownFields()
    return model.SerializeToString(deterministic=True)


def same(data, ours):
    if not ours:
        return None
    try:
        return known_fields(data) == known_fields(ours)
    except Exception:  # Python's own protobuf refuses what the checker's may take.
        return None


print(json.dumps(onnx.__version__))
while (data := read_file()) is not None:
    print(json.dumps([refusal_of(data), same(data, read_file())]))
