/** What keeps a generator from being served. One line, for a person. */
export class ServeError extends Error {
  override name = 'ServeError';
}
