/** What keeps a generator from being loaded, sampled or served. One line, for a person. */
export class ServeError extends Error {
  override name = 'ServeError';
}

/** What was thrown in one line, without the source location that onnxruntime puts before it. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ''] = message.trim().split('\n', 1);
  return line.replace(/^\/\S*onnxruntime\S* .* was false\. /, '');
}
