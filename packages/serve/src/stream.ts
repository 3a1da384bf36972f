/**
 * Any number of pictures, while they are drawn: a line of JSON for each (NDJSON), so that every language reads
 * them with what it has, errors have a place when the status has been sent, and a last line tells an end from a
 * connection that was cut. Multipart has no reader in browsers, and a zip none that gives its files as they come.
 */
import { once } from 'node:events';
import type { Images } from '@ganport/model';
import type { SampleOptions } from '@ganport/sample';
import { encodeImages } from '@ganport/sample/node';
import type { Response } from 'express';
import * as z from 'zod';
import { bufferOf, pictureOf } from './answer.ts';
import { answerTo, errorBody } from './http-error.ts';
import { base64, errorAnswer } from './operation.ts';
import type { Service } from './service.ts';

/** Pictures of one stream: a data set. */
export const MAX_STREAM = 2 ** 20;
export const STREAM_FORMATS = ['png', 'webp', 'raw'] as const;

/** Of pictures that are drawn together, and what their levels may weigh. */
const PART = 64;
const PART_BYTES = 2 ** 22;
/** One part is drawn while the one before is sent: a client that does not read keeps the server from more. */
const PARTS_INSIDE = 2;

const pictureLine = z.object({
  seed: z.int(),
  index: z.int(),
  data: base64.meta({ description: 'A PNG or WebP; of raw, levels uint8 [H, W, C]' }),
});
const endLine = z.object({ done: z.int().meta({ description: 'Pictures that were sent' }) });

/** A line of a stream. */
export const streamLine = z.union([pictureLine, endLine, errorAnswer]).meta({
  id: 'StreamLine',
  description: 'Each line is one of these; the last is done, or an error',
});

export interface Streamed extends Pick<SampleOptions, 'label' | 'codes' | 'truncation'> {
  /** Each gives `count` pictures. */
  seeds: readonly number[];
  start: number;
  count: number;
  format: (typeof STREAM_FORMATS)[number];
}

/** Pictures of a few seeds that are drawn by one call, in the order of the stream. */
type Part = Pick<Streamed, 'seeds' | 'start' | 'count'>;

/**
 * Draws and sends, one part ahead of what the client has taken.
 * @throws HttpError as `Service.admit` does, before anything is sent
 */
export async function answerStream(
  response: Response,
  service: Service,
  streamed: Streamed,
): Promise<void> {
  const { seeds, count, format, label, codes, truncation } = streamed;
  const chosen = { label, codes, truncation };
  const { sampler } = service.generator;
  const { height, width, channels } = sampler.metadata.image;
  const total = seeds.length * count;
  const size = Math.max(1, Math.min(PART, Math.floor(PART_BYTES / (height * width * channels))));
  const draw = service.admitParts(response, Math.min(total, PARTS_INSIDE * size));
  const left = new AbortController();
  response.once('close', () => left.abort());
  const parts = partsOf(streamed, size);
  const next = (): Promise<[Part, Images]> | undefined => {
    const { value: part, done } = parts.next();
    if (done) return undefined;
    const { seeds: seed, ...range } = part;
    const drawn = draw(async (signal): Promise<[Part, Images]> => {
      return [part, await sampler.sample({ seed, ...range, ...chosen, signal })];
    });
    // It may fail while the part before is being sent; whoever waits for it hears of it.
    drawn.catch(() => {});
    return drawn;
  };
  let drawing = next();
  // What cannot be drawn at all has a status of its own.
  await drawing;
  response.type('application/x-ndjson').set('X-Shape', [total, height, width, channels].join(','));
  try {
    while (drawing) {
      const [part, images] = await drawing;
      drawing = next();
      await write(response, await linesOf(part, images, format), left.signal);
    }
    await write(response, [{ done: total }], left.signal);
  } catch (error) {
    if (response.destroyed) return;
    const { status, message } = answerTo(error);
    if (status === 500) (response.locals.complain ?? console.error)(error);
    const line = errorBody(status, message, response.get('X-Request-Id'));
    await write(response, [line], left.signal);
  }
  response.end();
}

/** Resolves when the client has taken enough for more. */
async function write(
  response: Response,
  lines: readonly object[],
  left: AbortSignal,
): Promise<void> {
  left.throwIfAborted();
  if (response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))) return;
  await once(response, 'drain', { signal: left });
}

async function linesOf(
  { seeds, start, count }: Part,
  images: Images,
  format: Streamed['format'],
): Promise<object[]> {
  return Promise.all(
    Array.from({ length: images.count }, async (_, i) => {
      const encoded = await encodeImages(pictureOf(images, i), format);
      const [seed, index] = [seeds[Math.floor(i / count)]!, start + (i % count)];
      return { seed, index, data: bufferOf(encoded).toString('base64') };
    }),
  );
}

/** Cuts a stream into parts of at most `size` pictures: of several seeds, or of one. */
function* partsOf({ seeds, start, count }: Part, size: number): Generator<Part, undefined> {
  const together = Math.max(1, Math.floor(size / count));
  for (let first = 0; first < seeds.length; first += together) {
    const some = seeds.slice(first, first + together);
    for (let at = 0; at < count; at += size) {
      yield { seeds: some, start: start + at, count: Math.min(size, count - at) };
    }
  }
}
