/** Downloads as streams of bytes, with failures that a person understands. */

export interface StreamOptions {
  /** Gives up after this long without a byte, in milliseconds. */
  stallMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Hands an address's body to `take`, piece by piece, with its size in all where the server tells it.
 * @throws Error whose message says in a few words why it failed: "HTTP status 404"; what `take`
 * throws, unchanged; the signal's reason, if it is aborted
 */
export async function download(
  url: string,
  take: (bytes: Uint8Array, total: number | undefined) => void | Promise<void>,
  { stallMs = 30_000, signal }: StreamOptions = {},
): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`no data for ${stallMs / 1000} s`)),
    stallMs,
  );
  const stop = () => abort.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    signal?.throwIfAborted();
    // A server that names gzip as the encoding would have fetch unpack the file.
    const headers = { 'accept-encoding': 'identity' };
    const response = await told(fetch(url, { headers, signal: abort.signal }));
    if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await told(reader.read());
      if (done) return;
      timer.refresh();
      await take(value, total);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    // The body of an answer that was turned down is still on its way.
    abort.abort();
  }
}

/** fetch says only "fetch failed" or "terminated", with the reason as the cause. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof Error)) throw error;
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new Error(message || code || (error as Error).message, { cause });
  }
}
