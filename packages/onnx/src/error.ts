/** Bad ONNX input: a file, a graph or a shape. The message is one line, meant for a person. */
export class OnnxError extends Error {
  override name = 'OnnxError';
}
