/** A request and its answer, asked again where the server says so. */
import { ServiceError } from './service-error.ts';

export interface AskOptions {
  fetch: typeof fetch;
  /** How often it is asked again after a 429 or 503. */
  retries: number;
  init: RequestInit;
  signal: AbortSignal | undefined;
}

/** Between two tries where the server does not say: half a second, then twice as long each time. */
const FIRST_WAIT_S = 0.5;
/** A server that wants longer is not waited for. */
const MAX_WAIT_S = 60;

/**
 * @returns a successful answer
 * @throws ServiceError; the signal's reason
 */
export async function ask(
  url: URL,
  { fetch, retries, init, signal }: AskOptions,
): Promise<Response> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(url, { ...init, signal: signal ?? null }).catch((cause) => {
      signal?.throwIfAborted();
      const message = `${url.origin} cannot be reached`;
      throw new ServiceError(message, { code: 'unreachable', cause });
    });
    if (response.ok) return response;
    const again = response.status === 429 || response.status === 503;
    const seconds = secondsUntil(response.headers.get('Retry-After')) ?? FIRST_WAIT_S * 2 ** tries;
    if (!again || tries >= retries || seconds > MAX_WAIT_S) throw await errorOf(response);
    response.body?.cancel().catch(() => {});
    await wait(seconds, signal);
  }
}

/** Of a Retry-After: seconds, or a date. */
function secondsUntil(text: string | null): number | undefined {
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** @throws the signal's reason */
async function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** What the service says of it; what stands in front of it may answer otherwise. */
async function errorOf(response: Response): Promise<ServiceError> {
  const { status, statusText } = response;
  const header = response.headers.get('X-Request-Id') ?? undefined;
  const body: unknown = await response.json().catch(() => undefined);
  const { error } = (body ?? {}) as { error?: unknown };
  const { code, message = error } = (error ?? {}) as { code?: unknown; message?: unknown };
  return new ServiceError(
    typeof message === 'string' ? message : `the server answered ${status} ${statusText}`.trimEnd(),
    { status, code: typeof code === 'string' ? code : `http_${status}`, requestId: header },
  );
}
