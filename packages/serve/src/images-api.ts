/** The pictures of a generator over HTTP. */

import { type Images, MAX_INDEX, MAX_SEED, quote, truncationReason } from '@ganport/model';
import { classIndex } from '@ganport/sample';
import { encodeImages, type LoadedGenerator } from '@ganport/sample/node';
import type { Request, Response, Router } from 'express';
import * as z from 'zod';
import { HttpError, parseRequest, wholeNumber } from './http-error.ts';
import { createRouter } from './router.ts';

/** Pictures of one request: a page full, and what they may weigh. */
const MAX_COUNT = 256;
const MAX_BYTES = 64 * 2 ** 20;

/** What the addresses of pictures are made of, in the path or the query. */
const NAMES = ['seed', 'index', 'start', 'count', 'class', 'truncation', 'format', 'model'];

/** Digits of the model's SHA-256 that a URL may name it by. */
const MODEL_ID_DIGITS = 16;

/**
 * `/{seed}/{index}.png` is one picture; `/{seed}?start=&count=&format=png|json|raw`, several. With
 * `?class=` all are of that class, by name or index; without, of all in turns, where there are any. With
 * `?truncation=` latents are no further from 0. With
 * `?model=` and the first 16 digits of the model's SHA-256, an answer never changes and says so;
 * without, caches must ask again, because another model may be served at the same address later.
 *
 * Parameters that are not the interface's are ignored: pages and monitors add theirs, to get past a
 * cache or to follow a link. One of the interface's where it does not belong is refused.
 */
export function imageRoutes(generator: LoadedGenerator): Router {
  const { sampler } = generator;
  const { height, width, channels } = sampler.metadata.image;
  const most = Math.max(
    1,
    Math.min(MAX_COUNT, Math.floor(MAX_BYTES / (height * width * channels))),
  );
  const seed = wholeNumber(0, MAX_SEED);
  const index = wholeNumber(0, MAX_INDEX);
  const model = z.string().optional();
  const label = z
    .string()
    .transform((given, context) => {
      try {
        return classIndex(given, sampler.metadata);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    })
    .optional();
  const truncation = z
    .string()
    .transform((given, context) => {
      const value = /^\d(\.\d{1,6})?$/.test(given) ? Number(given) : Number.NaN;
      const reason = truncationReason(value, quote(given));
      if (!reason) return value;
      context.addIssue({ code: 'custom', message: reason });
      return z.NEVER;
    })
    .optional();
  const one = z.object({ seed, index, class: label, truncation, model });
  const several = z.object({
    seed,
    start: index.default(0),
    count: wholeNumber(1, most).default(Math.min(16, most)),
    format: z
      .enum(['png', 'json', 'raw'], {
        error: ({ input }) => `expected png, json or raw, got ${quote(input)}`,
      })
      .default('png'),
    class: label,
    truncation,
    model,
  });

  const router = createRouter();
  router.get('/:seed/:index.png', async (request, response) => {
    expectOwn(request.query, ['class', 'truncation', 'model']);
    const wanted = parseRequest(one, { ...request.query, ...request.params });
    const name = `${wanted.seed}-${wanted.index}${suffix(wanted)}`;
    if (isCached(request, response, generator, wanted.model, name)) return;
    const { seed, index: start, class: label, truncation } = wanted;
    const signal = untilGone(response);
    const images = await sampler.sample({ seed, start, label, truncation, signal });
    response.type('png').send(await encodeImages(images, 'png'));
  });
  router.get('/:seed', async (request, response) => {
    expectOwn(request.query, ['start', 'count', 'class', 'truncation', 'format', 'model']);
    const wanted = parseRequest(several, { ...request.query, ...request.params });
    const { seed, start, count, class: label, truncation, format } = wanted;
    if (start + count - 1 > MAX_INDEX) {
      throw new HttpError(
        400,
        `start + count: expected at most ${MAX_INDEX + 1}, got ${start + count}`,
      );
    }
    const name = `${seed}-${start}-${count}${suffix(wanted)}-${format}`;
    if (isCached(request, response, generator, wanted.model, name)) return;
    const signal = untilGone(response);
    const images = await sampler.sample({ seed, start, count, label, truncation, signal });
    await send(response, images, format);
  });
  return router;
}

/** Part of an answer's name. */
function suffix(wanted: { class?: number | undefined; truncation?: number | undefined }): string {
  const parts = { c: wanted.class, t: wanted.truncation };
  return Object.entries(parts)
    .map(([letter, value]) => (value === undefined ? '' : `-${letter}${value}`))
    .join('');
}

/** @throws HttpError 400 for a parameter that belongs to the path, or to another address */
function expectOwn(query: object, own: readonly string[]): void {
  const other = NAMES.find((name) => Object.hasOwn(query, name) && !own.includes(name));
  if (!other) return;
  throw new HttpError(
    400,
    `${other}: at this address a query has no such name, but ${own.join(', ')}`,
  );
}

/** Aborted when the client leaves before it is answered: nobody draws for it any longer. */
function untilGone(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort(new Error('the client has left')));
  return controller.signal;
}

/** Sets the caching headers, and answers 304 if the client has this very answer. */
function isCached(
  request: Request,
  response: Response,
  { sha256 }: LoadedGenerator,
  model: string | undefined,
  name: string,
): boolean {
  const id = sha256.slice(0, MODEL_ID_DIGITS);
  if (model !== undefined && model !== id) {
    throw new HttpError(404, `model: this server draws with ${id}, got ${quote(model)}`);
  }
  response.set('ETag', `"${id}-${name}"`);
  response.set('Cache-Control', model ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (!request.fresh) return false;
  response.status(304).end();
  return true;
}

async function send(
  response: Response,
  images: Images,
  format: 'png' | 'json' | 'raw',
): Promise<void> {
  const { count, height, width, channels, data } = images;
  const shape = [count, height, width, channels];
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (format === 'json') {
    response.json({ shape, data: bytes.toString('base64') });
  } else if (format === 'raw') {
    response.type('application/octet-stream').set('X-Shape', shape.join(',')).send(bytes);
  } else {
    response.type('png').send(await encodeImages(images, 'png'));
  }
}
