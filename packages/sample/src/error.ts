/** What keeps a generator from being loaded, or from drawing what was asked for. One line, for a person. */
export class SampleError extends Error {
  override name = 'SampleError';
}
