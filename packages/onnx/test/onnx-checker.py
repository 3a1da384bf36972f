"""Reads files from standard input, each after its length in four bytes, and writes for each a line of JSON:
null where onnx.checker accepts it, else its message. The first line is ONNX's version."""

import json
import struct
import sys

import onnx
import onnx.checker

print(json.dumps(onnx.__version__))
source = sys.stdin.buffer
while head := source.read(4):
    (length,) = struct.unpack("<I", head)
    data = source.read(length)
    try:
        onnx.checker.check_model(data)
        verdict = None
    except UnicodeDecodeError as error:  # The message quotes a name of the file that is not UTF-8.
        verdict = error.object.decode("utf-8", "backslashreplace")
    except Exception as error:  # Parsing and checking raise several kinds.
        verdict = str(error) or type(error).__name__
    print(json.dumps(verdict))
