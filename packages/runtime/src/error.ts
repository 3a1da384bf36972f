import { firstLine } from '@ganport/onnx';

/** What keeps a model from being opened or run. One line, for a person. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}

/** What a runtime threw while it opened a model. */
export function openError(error: unknown): RuntimeError {
  return wrap('cannot open the model', error);
}

/** What a runtime threw during a run. */
export function runError(error: unknown): RuntimeError {
  return wrap('the run failed', error);
}

/** Where in its source onnxruntime throws, which is of no use to a person. */
const SOURCE = /^\/\S+:\d+ .*?\[ONNXRuntimeError\] : \d+ : \w+ : /;

/** What a runtime threw, in one line. */
export function thrownLine(error: unknown): string {
  return firstLine(error).replace(SOURCE, '');
}

function wrap(what: string, error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  // onnxruntime-web throws a C++ exception that it does not catch as a number, its address.
  const why =
    typeof error === 'number'
      ? `the WebAssembly runtime broke down (C++ exception ${error}); reload the page, or take the other device`
      : thrownLine(error);
  return new RuntimeError(`${what}: ${why}`, { cause: error });
}
