/** Downloads that say how far they are. */
import { firstLine } from '@ganport/onnx';
import { SampleError } from '../error.ts';

export interface FetchOptions {
  /** What errors call it. */
  what: string;
  progress?: ((loaded: number, total: number | undefined) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The bytes at an address. @throws SampleError in one line; the signal's reason */
export async function fetchBytes(
  url: string,
  { what, progress, signal }: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal: signal ?? null }).catch((error) => {
    signal?.throwIfAborted();
    throw new SampleError(
      `${what} cannot be fetched from ${url}: ${firstLine(error)}; is the server there, does connect-src allow it, and, of another origin, does it allow this one (CORS)?`,
    );
  });
  if (!response.ok) {
    throw new SampleError(`${what}: the server answered ${response.status} for ${url}`);
  }
  // A server of single-page applications answers with its page whatever is asked for.
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new SampleError(`${what}: ${url} is a page of HTML; is the address right?`);
  }
  try {
    return await read(response, progress);
  } catch (error) {
    signal?.throwIfAborted();
    throw new SampleError(`${what}: the download of ${url} broke off: ${firstLine(error)}`);
  }
}

async function read(
  response: Response,
  progress: FetchOptions['progress'],
): Promise<Uint8Array<ArrayBuffer>> {
  const length = Number(response.headers.get('content-length'));
  // Of an encoded answer it counts other bytes than those that arrive here.
  const encoded = response.headers.has('content-encoding');
  const total = length > 0 && !encoded ? length : undefined;
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    loaded += value.length;
    progress?.(loaded, total);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
