/** What a file is that is no ONNX model: people rename files, and download pages instead of files. */
import { printable } from './text.ts';

type Start = readonly [at: number, start: string | readonly number[], what: string];

/** Formats by the bytes that they have at an offset; text stands for its Latin-1 bytes. */
const STARTS: readonly Start[] = [
  [0, [0x1f, 0x8b], 'a gzip file: unpack it first, with gunzip'],
  [0, 'BZh', 'a bzip2 file: unpack it first'],
  [0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'an xz file: unpack it first'],
  [0, [0x28, 0xb5, 0x2f, 0xfd], 'a Zstandard file: unpack it first'],
  [0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7z archive: unpack it first'],
  [0, 'Rar!', 'a RAR archive: unpack it first'],
  [257, 'ustar', 'a tar archive: unpack it first'],
  [
    4,
    'ORTM',
    'a model in onnxruntime’s own .ort format; expected the .onnx file that it was made from',
  ],
  [4, 'TFL3', 'a TensorFlow Lite model; tf2onnx converts such a model'],
  [
    0,
    [0x89, 0x48, 0x44, 0x46],
    'an HDF5 file, as Keras saves models (.h5); tf2onnx converts such a model',
  ],
  [0, 'GGUF', 'a GGUF file: weights for llama.cpp'],
  [0, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 'a NumPy array (.npy)'],
  [0, [0x89, 0x50, 0x4e, 0x47], 'a PNG picture'],
  [0, [0xff, 0xd8, 0xff], 'a JPEG picture'],
  [0, 'GIF8', 'a GIF picture'],
  [8, 'WEBP', 'a WebP picture'],
  [0, '%PDF', 'a PDF document'],
  [0, [0x7f, 0x45, 0x4c, 0x46], 'a program or library (ELF)'],
];

const PYTORCH = 'a PyTorch file; torch.onnx.export writes an ONNX model';

/** Bytes that are looked at: marks are near the start of a file. */
export const LOOKED_AT = 4096;
const QUOTED = 40;

/** Says what a file is, in a phrase that follows "it is"; undefined where nothing is recognised. */
export function recognise(bytes: Uint8Array): string | undefined {
  const head = latin1(bytes.subarray(0, LOOKED_AT));
  const found = STARTS.find(([at, start]) => head.startsWith(asText(start), at));
  return (
    found?.[2] ??
    recogniseZip(head) ??
    recognisePickle(head) ??
    recogniseSafetensors(bytes, head) ??
    recogniseTensorFlow(head) ??
    recogniseText(bytes, head) ??
    recogniseZeros(bytes, head)
  );
}

/** First bytes of a model: keys of ModelProto's fields, and the first of two where a field's number is above 15. */
const FIRST = [0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2, 0xca, 0xd2];

/**
 * Whether a file that begins so is no ONNX model whatever follows, so that nobody need read on.
 * @param head its first LOOKED_AT bytes or more
 */
export function isNoModel(head: Uint8Array): boolean {
  return !FIRST.includes(head[0]!) && recognise(head) !== undefined;
}

/** What a copy or a download leaves that broke off. A sparse file of a gigabyte is not read for it. */
function recogniseZeros(bytes: Uint8Array, head: string): string | undefined {
  if (!/^\0+$/.test(head)) return undefined;
  const all = 'nothing but zero bytes';
  return bytes.length > LOOKED_AT ? `${all} in its first ${LOOKED_AT}` : all;
}

function asText(start: string | readonly number[]): string {
  return typeof start === 'string' ? start : String.fromCharCode(...start);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The first entry of an archive has its name 30 bytes in. */
function recogniseZip(head: string): string | undefined {
  if (!head.startsWith('PK\x03\x04') && !head.startsWith('PK\x05\x06')) return undefined;
  const length = head.charCodeAt(26) + 256 * head.charCodeAt(27);
  const entry = head.slice(30, 30 + length);
  if (/(^|\/)(data\.pkl|\.format_version|\.data\/|byteorder)/.test(entry)) return PYTORCH;
  if (entry.endsWith('.npy')) return 'a NumPy archive (.npz)';
  if (/^(metadata\.json|config\.json|model\.weights\.h5)$/.test(entry) && head.includes('keras')) {
    return 'a Keras model (.keras); tf2onnx converts such a model';
  }
  return `a zip archive${entry ? ` that begins with "${printable(entry)}"` : ''}: unpack it first`;
}

/** Pickle's protocols 2 to 5; PyTorch's older files begin with a pickled number of its own. */
function recognisePickle(head: string): string | undefined {
  const protocol = head.charCodeAt(1);
  if (head[0] !== '\x80' || protocol < 2 || protocol > 5) return undefined;
  return head.startsWith('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9') || head.includes('torch')
    ? PYTORCH
    : 'a Python pickle';
}

/** A length of eight bytes, little-endian, and JSON of that length. */
function recogniseSafetensors(bytes: Uint8Array, head: string): string | undefined {
  if (bytes.length < 10 || !/^\{\s*["}]/.test(head.slice(8, 40))) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return length > 1n && length <= bytes.length - 8
    ? 'a safetensors file: weights without a graph'
    : undefined;
}

/** A SavedModel is version 1 and a MetaGraphDef; a GraphDef, nodes with the names of their operators. */
function recogniseTensorFlow(head: string): string | undefined {
  const saved =
    head.startsWith('\x08\x01\x12') && /tensorflow|serve|saved_model|stripped_op/.test(head);
  const graph =
    /^\n[\s\S]{1,3}\n[\s\S]{1,2}[\w/.-]+[\s\S]{2}(Placeholder|Const|VarHandleOp|VariableV2|NoOp)/.test(
      head,
    );
  return saved || graph ? 'a TensorFlow model; tf2onnx converts such a model' : undefined;
}

function recogniseText(bytes: Uint8Array, head: string): string | undefined {
  if (/^(\xff\xfe|\xfe\xff)/.test(head)) return 'text in UTF-16';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what tells text.
  if (/[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(head)) return undefined;
  const text = new TextDecoder().decode(bytes.subarray(0, LOOKED_AT));
  if (text.slice(0, -1).includes('\ufffd')) return undefined;
  const start = text.trimStart();
  const lfs = /^version https:\/\/(git-lfs|hawser)\.github\.com\/spec[\s\S]*?\bsize (\d+)/.exec(
    start,
  );
  if (lfs) return `a Git LFS pointer to a file of ${lfs[2]} bytes: \`git lfs pull\` fetches that`;
  if (/^(<!--[\s\S]*?-->\s*)?<(!doctype\s+html|html|head|body)\b/i.test(start)) {
    return 'an HTML page: the download gave a page in place of the file';
  }
  if (/^<(\?xml|net\b)/.test(start)) {
    return /<net\b/.test(start) ? 'an OpenVINO model (XML)' : 'an XML document';
  }
  if (/^[{[]/.test(start)) return recogniseJson(start);
  if (/^(<\s*)?ir_version\s*:/.test(start))
    return 'a model in ONNX’s text form; expected the binary one';
  if (start === '') return 'nothing but white space';
  const quoted = printable(start.split('\n', 1)[0]!.slice(0, QUOTED));
  return `text that begins with "${quoted}"`;
}

function recogniseJson(start: string): string {
  if (/"(modelTopology|weightsManifest)"/.test(start)) {
    return 'a TensorFlow.js model (model.json)';
  }
  if (/"(irVersion|opsetImport)"/.test(start))
    return 'a model in ONNX’s JSON form; expected the binary one';
  if (/"weight_map"/.test(start)) return 'JSON: an index of safetensors files';
  return 'JSON';
}
