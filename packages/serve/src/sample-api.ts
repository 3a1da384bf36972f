/** `POST /v1/sample`: any pictures of a generator, as any of its formats. */
import express, { type Router } from 'express';
import * as z from 'zod';
import { answerImages, FORMATS } from './answer.ts';
import { HttpError } from './http-error.ts';
import {
  classOf,
  expectIndices,
  index,
  oneOf,
  parseRequest,
  seed,
  truncation,
  whole,
} from './parameters.ts';
import { createRouter } from './router.ts';
import { mostPictures, type Service } from './service.ts';

/** 256 seeds take five kilobytes. */
const MAX_BODY_BYTES = 2 ** 14;

/**
 * The body is JSON: `seed`, or `seeds`, each of which gives `count` pictures from index `start` on; `class`
 * and `format`. PNG and WebP hold one picture, a grid is a PNG of several.
 */
export function sampleRoutes(service: Service): Router {
  const { sampler } = service.generator;
  const most = mostPictures(service);
  const wanted = z
    .strictObject({
      seed: seed.optional(),
      seeds: z.array(seed).min(1).max(most).optional(),
      start: index.default(0),
      count: whole(1, most).default(1),
      class: classOf(sampler).optional(),
      codes: z.record(z.string(), z.number()).optional(),
      truncation: truncation.optional(),
      format: oneOf('png', 'webp', ...FORMATS).default('png'),
    })
    .refine(({ seed, seeds }) => (seed === undefined) !== (seeds === undefined), {
      error: 'expected one of seed and seeds',
    });

  const router = createRouter();
  const readBody = express.json({ limit: MAX_BODY_BYTES });
  router.post('/', readBody, async (request, response) => {
    if (request.body === undefined) {
      throw new HttpError(415, 'expected a JSON body, and Content-Type: application/json');
    }
    const { class: label, ...parameters } = parseRequest(wanted, request.body);
    const { start, count, codes, truncation, format } = parameters;
    const seeds = parameters.seeds ?? [parameters.seed!];
    const pictures = seeds.length * count;
    expectIndices(start, count);
    if (pictures > most) {
      throw new HttpError(400, `seeds × count: expected at most ${most} pictures, got ${pictures}`);
    }
    response.set('Cache-Control', 'no-store');
    if (format === 'png' || format === 'webp') {
      if (pictures > 1) {
        throw new HttpError(400, `format: ${format} holds one picture, got ${pictures}: try grid`);
      }
      const picture = { seed: seeds[0]!, index: start, label, codes, truncation, format };
      response.type(format).send(await service.picture(response, picture));
      return;
    }
    const signal = service.admit(response, pictures);
    const images = await sampler.sample({
      seed: seeds,
      start,
      count,
      label,
      codes,
      truncation,
      signal,
    });
    await answerImages(response, images, format);
  });
  router.all('/', (request, response) => {
    response.set('Allow', 'POST');
    throw new HttpError(405, `expected POST, got ${request.method}`);
  });
  return router;
}
