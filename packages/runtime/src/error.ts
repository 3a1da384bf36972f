import { firstLine } from '@ganport/onnx';

/** What keeps a model from being opened or run. One line, for a person. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}

/** What a runtime threw while it opened a model. */
export function openError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  return new RuntimeError(`cannot open the model: ${firstLine(error)}`, { cause: error });
}
