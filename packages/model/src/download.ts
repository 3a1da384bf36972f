/** Downloads as streams of bytes, with failures that a person understands. */
import { proxiesOf } from './proxies.ts';

export interface StreamOptions {
  /** Gives up after this long without a byte, in milliseconds. */
  stallMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** As browsers have it. */
const MAX_REDIRECTIONS = 20;

/**
 * Hands an address's body to `take`, piece by piece, with its size in all where the server tells it.
 * Goes by way of the proxies that HTTP_PROXY and HTTPS_PROXY name, but for the hosts in NO_PROXY.
 * @throws Error whose message says in a few words why it failed: "HTTP status 404"; what `take`
 * throws, unchanged; the signal's reason, if it is aborted
 */
export async function download(
  url: string,
  take: (bytes: Uint8Array, total: number | undefined) => void | Promise<void>,
  { stallMs = 30_000, signal }: StreamOptions = {},
): Promise<void> {
  // Node's own fetch knows no proxies before 24, and no fetch says why a proxy refused.
  const { EnvHttpProxyAgent, interceptors, request } = await import('undici');
  const { http, https } = proxiesOf(process.env);
  const proxy = url.startsWith('https:') ? https : http;
  const agent = new EnvHttpProxyAgent({
    httpProxy: http?.url.href ?? '',
    httpsProxy: https?.url.href ?? '',
    // What needs none: a proxy may allow tunnels to port 443 alone.
    proxyTunnel: false,
  });
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`no data for ${stallMs / 1000} s`)),
    stallMs,
  );
  const stop = () => abort.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  /** Of the network; it may be the proxy's. */
  const failure = (reason: string, cause?: unknown) =>
    new Error(proxy ? `${reason}, with ${proxy.variable} set to ${proxy.url.host}` : reason, {
      cause,
    });
  const told = <T>(work: Promise<T>) =>
    work.catch((error) => {
      throw signal?.aborted ? signal.reason : failure(error.message || error.code, error);
    });
  try {
    signal?.throwIfAborted();
    const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS }));
    // undici connects to a proxy that hangs up again and again, and does not look at the signal.
    const aborted = new Promise<never>((_, reject) => {
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason));
    });
    const answer = request(url, { signal: abort.signal, dispatcher });
    const response = await told(Promise.race([answer, aborted]));
    const { statusCode, headers, body } = response;
    if (statusCode !== 200) throw failure(`HTTP status ${statusCode}`);
    const length = headers['content-length'];
    const total = length === undefined ? undefined : Number(length);
    const pieces = body[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await told(pieces.next());
      if (done) return;
      timer.refresh();
      await take(value, total);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    // The body of an answer that was turned down is still on its way.
    abort.abort();
    await agent.destroy();
  }
}
