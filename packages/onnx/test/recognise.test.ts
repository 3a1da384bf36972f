import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodeModel } from '../src/decode.ts';
import { encodeTensorProto } from '../src/encode.ts';
import { OnnxError } from '../src/error.ts';
import { tensor } from './messages.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** A zip archive's first entry. */
const zip = (name: string, more = '') =>
  Buffer.concat([
    latin1(`PK\x03\x04${'\0'.repeat(22)}`),
    Buffer.from([name.length, 0, 0, 0]),
    latin1(name + more),
  ]);

const safetensors = (header: string) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, latin1(header), Buffer.alloc(4)]);
};

const LFS = `version https://git-lfs.github.com/spec/v1
oid sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
size 955759
`;

test.each<[is: string, file: Uint8Array]>([
  ['a Git LFS pointer to a file of 955759 bytes: `git lfs pull` fetches that', latin1(LFS)],
  ['an HTML page', latin1('<!DOCTYPE html>\n<html><head><title>404</title></head></html>')],
  ['an HTML page', latin1('\n <!-- mirror --><HTML lang="en">')],
  ['a TensorFlow.js model (model.json)', latin1('{"modelTopology": {}, "weightsManifest": []}')],
  ['a model in ONNX’s JSON form', latin1('{"irVersion": "8", "graph": {}}')],
  ['JSON: an index of safetensors files', latin1('{"metadata": {}, "weight_map": {}}')],
  ['JSON', latin1('{"error": "not found"}')],
  ['a model in ONNX’s text form', latin1('ir_version: 8\ngraph {}')],
  ['a model in ONNX’s text form', latin1('<\n  ir_version: 8\n>')],
  ['an XML document', latin1('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  ['an OpenVINO model (XML)', latin1('<?xml version="1.0"?>\n<net name="g" version="11">')],
  ['text that begins with "Entry not found"', latin1('Entry not found')],
  ['text that begins with "\\x1b[31mred"', latin1('\x1b[31mred\nmore')],
  ['text in UTF-16', Buffer.from('\ufeff{"a": 1}', 'utf16le')],
  ['nothing but white space', latin1('\r\n \n')],
  ['nothing but zero bytes', new Uint8Array(64)],
  ['nothing but zero bytes in its first 4096', Buffer.concat([Buffer.alloc(5000), latin1('end')])],
  ['a zip archive that begins with "model.onnx": unpack it first', zip('model.onnx')],
  ['a zip archive that begins with "a\\x1bb"', zip('a\x1bb')],
  ['a PyTorch file; torch.onnx.export', zip('archive/data.pkl')],
  ['a NumPy archive (.npz)', zip('w.npy')],
  ['a Keras model (.keras)', zip('metadata.json', '{"keras_version": "3.0.0"}')],
  ['a PyTorch file', latin1('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.')],
  ['a PyTorch file', latin1('\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05torch')],
  ['a Python pickle', latin1('\x80\x04]\x94.')],
  ['a safetensors file', safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')],
  ['a gzip file: unpack it first', gzipSync('model')],
  ['a bzip2 file', latin1('BZh91AY')],
  ['an xz file', latin1('\xfd7zXZ\0')],
  ['a Zstandard file', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])],
  ['a 7z archive', latin1('7z\xbc\xaf\x27\x1c')],
  ['a RAR archive', latin1('Rar!\x1a\x07')],
  ['a tar archive', Buffer.concat([latin1('model.onnx'), Buffer.alloc(247), latin1('ustar\0')])],
  ['a NumPy array (.npy)', latin1("\x93NUMPY\x01\0v\0{'descr': '<f4'}")],
  ['a PNG picture', latin1('\x89PNG\r\n\x1a\n')],
  ['a JPEG picture', latin1('\xff\xd8\xff\xe0')],
  ['a GIF picture', latin1('GIF89a')],
  ['a WebP picture', latin1('RIFF\x10\0\0\0WEBPVP8 ')],
  ['a PDF document', latin1('%PDF-1.7')],
  ['a program or library (ELF)', latin1('\x7fELF\x02')],
  ['a TensorFlow Lite model', latin1('\x1c\0\0\0TFL3\x14\0')],
  ['a model in onnxruntime’s own .ort format', latin1('\x20\0\0\0ORTM\0\0')],
  ['an HDF5 file, as Keras saves models (.h5)', latin1('\x89HDF\r\n\x1a\n')],
  ['a GGUF file', latin1('GGUF\x03\0\0\0')],
  ['a TensorFlow model', latin1('\x08\x01\x12\x13\x0a\x11\x22\x05serve*\x082.15.0\0\0')],
  ['a TensorFlow model', latin1('\n\x15\n\x05input\x12\x0bPlaceholder')],
])('says that it is %s', (is, file) => {
  expect(() => decodeModel(file)).toThrow(OnnxError);
  expect(() => decodeModel(file)).toThrow(`not an ONNX model: it is ${is}`);
});

test.each([
  ['an empty file', new Uint8Array(), 'not an ONNX model: the file is empty'],
  [
    'garbage',
    Uint8Array.of(7, 1, 2, 3),
    'not an ONNX model, or a damaged one: illegal tag: field number 0, at byte 1 of 4',
  ],
  ['a model without a graph', Uint8Array.of(8, 8), 'it has no graph or no IR version'],
  [
    'a lone tensor',
    encodeTensorProto(tensor({ name: 'w', dims: [1n], dataType: 1, floatData: [1] })),
    'not an ONNX model, or a damaged one: ',
  ],
])('claims to know no more than there is: %s', (_, file, message) => {
  expect(() => decodeModel(file)).toThrow(message);
});
