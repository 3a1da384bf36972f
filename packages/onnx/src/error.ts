import { printableMessage } from './text.ts';

/**
 * Bad ONNX input: a file, a graph or a shape. The message is one line, meant for a person: names of a
 * file in it are made printable, and long ones cut.
 */
export class OnnxError extends Error {
  override name = 'OnnxError';

  constructor(message = '', options?: ErrorOptions) {
    super(printableMessage(message), options);
  }
}

/** What was thrown in one line, without the source location that onnxruntime puts before it. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ''] = message.trim().split('\n', 1);
  return line.replace(/^\/\S*onnxruntime\S* .* was false\. /, '');
}
