/** What keeps a model from being opened or run. One line, for a person. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}
