/** `POST /v1/sample`: any pictures of a generator, as any of its formats. */
import type { Response, Router } from 'express';
import * as z from 'zod';
import type { Responding } from './admission.ts';
import {
  answerDrawn,
  type Drawn,
  drawnImages,
  drawnPicture,
  FORMATS,
  imagesAnswer,
} from './answer.ts';
import { jsonBody, readBody } from './body.ts';
import { HttpError } from './http-error.ts';
import { DRAWING_ERRORS, file, type Operation } from './operation.ts';
import {
  classGiven,
  codes,
  expectAtMost,
  expectIndices,
  index,
  labelOf,
  modelGiven,
  oneOf,
  seed,
  truncation,
} from './parameters.ts';
import { createRouter, onlyMethod } from './router.ts';
import { type FindService, MAX_COUNT, mostPictures, type Service } from './service.ts';
import { answerStream, MAX_STREAM, STREAM_FORMATS, streamLine } from './stream.ts';

/** 256 seeds take five kilobytes. */
export const MAX_BODY_BYTES = 2 ** 14;

export const sampleRequest = z
  .strictObject({
    seed: seed.optional(),
    seeds: z.array(seed).min(1).max(MAX_COUNT).optional(),
    start: index.default(0),
    count: z
      .int()
      .min(1)
      .max(MAX_STREAM)
      .default(1)
      .meta({ description: `Pictures of each seed; more than ${MAX_COUNT} together need stream` }),
    class: classGiven.optional(),
    codes: codes.optional(),
    truncation: truncation.optional(),
    format: oneOf('png', 'webp', ...FORMATS)
      .default('png')
      .meta({
        description: 'png and webp are one picture, or each of a stream; grid is a PNG of several',
      }),
    model: modelGiven,
    stream: z
      .boolean()
      .default(false)
      .meta({ description: 'Answers with a line of JSON for each picture, as they are drawn' }),
  })
  .superRefine(({ seed, seeds }, context) => {
    if ((seed === undefined) !== (seeds === undefined)) return;
    const path = [seed === undefined ? 'seed' : 'seeds'];
    context.addIssue({ code: 'custom', path, message: 'expected one of seed and seeds' });
  })
  .meta({ id: 'SampleRequest', examples: [{ seed: 42, count: 16, format: 'grid' }] });

export type SampleRequest = z.input<typeof sampleRequest>;
type Wanted = z.output<typeof sampleRequest>;

export const sampleOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/sample',
    id: 'sample',
    tag: 'pictures',
    summary: 'Draws pictures of a seed, or of several, in any format',
    description:
      'raw is uint8 [N, H, W, C], whose shape X-Shape tells. With stream, any number is drawn while the answer is read.',
    body: sampleRequest,
    answers: {
      'image/png': file,
      'image/webp': file,
      'application/octet-stream': file,
      'application/json': imagesAnswer,
      'application/x-ndjson': streamLine,
    },
    errors: [...DRAWING_ERRORS, 404, 405, 413, 415],
  },
];

/**
 * The body is JSON: `seed`, or `seeds`, each of which gives `count` pictures from index `start` on; `class`
 * and `format`. PNG and WebP hold one picture, a grid is a PNG of several.
 * @param find the model that a request names, or that of the address, kept open until it is answered
 */
export function sampleRoutes(find: FindService): Router {
  const router = createRouter();
  router.post('/', readBody(MAX_BODY_BYTES), async (request, response) => {
    const wanted = jsonBody(sampleRequest, request);
    const service = find(wanted.model, response);
    response.set('Cache-Control', 'no-store');
    if (wanted.stream) await stream(response, service, wanted);
    else answerDrawn(response, await prepareSample(service, wanted)(response));
  });
  router.all('/', onlyMethod('POST'));
  return router;
}

async function stream(response: Response, service: Service, wanted: Wanted): Promise<void> {
  const label = labelOf(service.generator.sampler, wanted.class);
  expectIndices(wanted.start, wanted.count);
  await answerStream(response, service, { ...streamed(wanted), label, seeds: seedsOf(wanted) });
}

function seedsOf({ seed, seeds = [seed!] }: Wanted): readonly number[] {
  return seeds;
}

/**
 * Checks what is asked for in one answer.
 * @returns lets the request in, and draws
 * @throws HttpError 400 for what cannot be drawn
 */
export function prepareSample(
  service: Service,
  wanted: Wanted,
): (response: Responding) => Promise<Drawn> {
  const { sampler } = service.generator;
  const { start, count, codes, truncation, format } = wanted;
  const label = labelOf(sampler, wanted.class);
  const seeds = seedsOf(wanted);
  const pictures = seeds.length * count;
  expectIndices(start, count);
  const what = wanted.seeds ? 'seeds × count' : 'count';
  const more = `: with stream, ${MAX_STREAM} are possible`;
  expectAtMost(mostPictures(service), pictures, what, more);
  const chosen = { label, codes, truncation };
  if (format === 'png' || format === 'webp') {
    if (pictures > 1) {
      const message = `format: ${format} holds one picture, got ${pictures}: try grid, or stream`;
      throw new HttpError(400, message, {}, 'format');
    }
    const picture = { seed: seeds[0]!, index: start, ...chosen, format };
    return async (response) => drawnPicture(await service.picture(response, picture), format);
  }
  return async (response) => {
    const signal = service.admit(response, pictures);
    const asked = { seed: seeds, start, count, ...chosen, signal };
    return drawnImages(await sampler.sample(asked), format);
  };
}

/** @throws HttpError 400 for what is no stream */
function streamed({ start, count, codes, truncation, format, seeds = [0] }: Wanted) {
  expectAtMost(MAX_STREAM, seeds.length * count, 'seeds × count');
  const known = STREAM_FORMATS.find((name) => name === format);
  if (known) return { start, count, codes, truncation, format: known };
  const message = `format: a stream has png, webp or raw, got ${format}`;
  throw new HttpError(400, message, {}, 'format');
}
