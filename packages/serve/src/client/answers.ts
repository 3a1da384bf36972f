/** What successful answers hold. What stands in front of the service may send others: no form is taken on trust. */
import { ServiceError } from './service-error.ts';

/** @throws ServiceError when it is cut off; the signal's reason */
export async function bytesOf(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const buffer = await response.arrayBuffer().catch((cause) => {
    signal?.throwIfAborted();
    throw failure(response, 'the answer ended before its end', 'cut_off', cause);
  });
  return new Uint8Array(buffer);
}

/** As `bytesOf`. @throws ServiceError for a page, or nothing, too */
export async function fileOf(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = await bytesOf(response, signal);
  const type = response.headers.get('Content-Type') ?? '';
  if (bytes.length === 0 || /^text\//i.test(type)) throw notUnderstood(response, 'pictures');
  return bytes;
}

/**
 * @param isIt whether the field is what it is to be
 * @throws as `bytesOf`; ServiceError unless it is JSON with that field
 */
export async function jsonOf<T>(
  response: Response,
  signal: AbortSignal | undefined,
  field: keyof T & string,
  isIt: (value: unknown) => boolean,
): Promise<T> {
  const text = new TextDecoder().decode(await bytesOf(response, signal));
  const answer = understood(response, `JSON with ${field}`, () => JSON.parse(text));
  if (!isIt(answer?.[field])) throw notUnderstood(response, `JSON with ${field}`);
  return answer;
}

/** Of X-Shape, for so many bytes. @throws ServiceError unless it is one */
export function shapeOf(response: Response, bytes: number): [number, number, number, number] {
  const text = response.headers.get('X-Shape') ?? '';
  const shape = text.split(',').map(Number);
  const size = shape.reduce((product, length) => product * length, 1);
  if (!/^\d+(,\d+){3}$/.test(text) || size !== bytes) {
    throw notUnderstood(response, `X-Shape of ${bytes} levels`);
  }
  return shape as [number, number, number, number];
}

/** @throws ServiceError unless it is base64 */
export function base64Of(response: Response, text: unknown): Uint8Array {
  if (typeof text !== 'string') throw notUnderstood(response, 'base64');
  const binary = understood(response, 'base64', () => atob(text));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function understood<T>(response: Response, expected: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw notUnderstood(response, expected, cause);
  }
}

/** For an answer that the service does not give. */
export function notUnderstood(response: Response, expected: string, cause?: unknown): ServiceError {
  const message = `the answer is not the service's: expected ${expected}`;
  return failure(response, message, 'not_understood', cause, response.status);
}

export function failure(
  response: Response,
  message: string,
  code: string,
  cause?: unknown,
  status = 0,
): ServiceError {
  const requestId = response.headers.get('X-Request-Id') ?? undefined;
  return new ServiceError(message, { status, code, requestId, cause });
}
