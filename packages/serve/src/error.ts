/** What keeps a generator from being loaded, sampled or served. One line, for a person. */
export class ServeError extends Error {
  override name = 'ServeError';
}
