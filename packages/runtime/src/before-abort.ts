/**
 * What comes of work that cannot be left off, such as the opening of a model, if it comes before the
 * signal is aborted.
 * @param end ends what comes later after all
 * @throws the signal's reason; what the work throws
 */
export async function beforeAbort<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  end?: (late: T) => Promise<void>,
): Promise<T> {
  if (!signal) return work;
  let giveUp: () => void;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    work.then(end, () => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp!);
  }
}
