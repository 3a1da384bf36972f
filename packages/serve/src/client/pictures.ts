/** Pictures of a stream, each a line. */
import { base64Of, failure, notUnderstood } from './answers.ts';
import { jsonLines } from './lines.ts';
import type { ServiceError } from './service-error.ts';

export interface StreamedPicture {
  seed: number;
  index: number;
  /** A PNG, a WebP, or levels [H, W, C]. */
  data: Uint8Array;
}

/** Statuses of errors that end a stream, whose own was sent before. */
const STATUSES: Readonly<Record<string, number>> = {
  internal: 500,
  service_unavailable: 503,
  gateway_timeout: 504,
};

/** @throws ServiceError for a line that is an error, or none of the service's, and when it ends before its end */
export async function* picturesOf(
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamedPicture, void> {
  const cutOff = (cause?: unknown) =>
    failure(response, 'the pictures ended before their end', 'cut_off', cause);
  if (!response.body) throw cutOff();
  const lines = jsonLines(response.body);
  let count = 0;
  try {
    for (;;) {
      const { value, done } = await lines.next().catch((cause) => {
        signal?.throwIfAborted();
        throw cutOff(cause);
      });
      if (done) throw cutOff();
      // Of a number, or a text, the fields are undefined.
      const line = (value ?? {}) as Readonly<Record<string, unknown>>;
      if (line.error !== undefined) throw errorOf(response, line.error);
      if (line.done === count) return;
      if (line.done !== undefined) throw cutOff();
      const { seed, index } = line;
      if (typeof seed !== 'number' || typeof index !== 'number') {
        throw notUnderstood(response, 'a picture');
      }
      yield { seed, index, data: base64Of(response, line.data) };
      count += 1;
    }
  } finally {
    await lines.return(undefined);
  }
}

function errorOf(response: Response, error: unknown): ServiceError {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || typeof message !== 'string') {
    return notUnderstood(response, 'an error with code and message');
  }
  return failure(response, message, code, undefined, STATUSES[code]);
}
