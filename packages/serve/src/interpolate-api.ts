/** `POST /v1/interpolate`: pictures on the way from one latent to another. */
import { type Images, latents } from '@ganport/model';
import { type Sampler, slerp } from '@ganport/sample';
import { encodeAnimation, encodeImages } from '@ganport/sample/node';
import type { Response, Router } from 'express';
import * as z from 'zod';
import { bufferOf, pictureOf } from './answer.ts';
import { jsonBody, readBody } from './body.ts';
import { HttpError } from './http-error.ts';
import { base64, DRAWING_ERRORS, file, type Operation } from './operation.ts';
import {
  classGiven,
  expectAtMost,
  index,
  labelOf,
  modelGiven,
  oneOf,
  seed,
  truncation,
} from './parameters.ts';
import { createRouter, onlyMethod } from './router.ts';
import { type FindService, MAX_COUNT, mostPictures, type Service } from './service.ts';

/** A number of a latent, as JSON has it, and all but latents. */
const NUMBER_BYTES = 32;
const ENVELOPE_BYTES = 2 ** 12;

const end = z
  .strictObject({
    seed: seed.optional(),
    index: index.optional(),
    latent: z
      .array(z.number())
      .min(1)
      .optional()
      .meta({ description: 'Instead of a seed: all of z' }),
  })
  .superRefine(({ seed, index, latent }, context) => {
    const wrong =
      (seed === undefined) === (latent === undefined)
        ? [seed === undefined ? 'seed' : 'latent', 'expected one of seed and latent']
        : latent && index !== undefined && ['index', 'expected none of a latent'];
    if (!wrong) return;
    context.addIssue({ code: 'custom', path: [wrong[0]!], message: wrong[1]! });
  });

type End = z.output<typeof end>;

const interpolateRequest = z
  .strictObject({
    from: end,
    to: end,
    steps: z
      .int()
      .min(2)
      .max(MAX_COUNT)
      .default(16)
      .meta({ description: 'Pictures, both ends counted' }),
    interpolation: oneOf('slerp', 'linear')
      .default('slerp')
      .meta({ description: 'On the sphere that latents lie near, or straight' }),
    class: classGiven
      .optional()
      .meta({ description: 'Of all pictures; without it, that of the first, if a seed gives it' }),
    truncation: truncation.optional(),
    format: oneOf('grid', 'webp', 'frames')
      .default('webp')
      .meta({ description: 'A PNG of all, an animation, or JSON with a PNG of each' }),
    fps: z
      .int()
      .min(1)
      .max(50)
      .default(12)
      .meta({ description: 'Pictures a second of an animation' }),
    model: modelGiven,
  })
  .meta({
    id: 'InterpolateRequest',
    examples: [{ from: { seed: 42 }, to: { seed: 42, index: 1 }, steps: 16, format: 'grid' }],
  });

export type InterpolateRequest = z.input<typeof interpolateRequest>;
type Wanted = z.output<typeof interpolateRequest>;

const framesAnswer = z
  .object({
    frames: z.array(base64).meta({ description: 'PNGs, in order' }),
  })
  .meta({ id: 'Frames' });

export type FramesAnswer = z.output<typeof framesAnswer>;

export const interpolateOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/interpolate', id: 'interpolate', tag: 'pictures' },
    summary: 'Draws what is between two pictures',
    body: interpolateRequest,
    answers: { 'image/webp': file, 'image/png': file, 'application/json': framesAnswer },
    errors: [...DRAWING_ERRORS, 404, 405, 413, 415],
  },
];

/**
 * @param find the model that a request names, or that of the address, kept open until it is answered
 * @param services those that it may be, by whose latents a body is bounded
 */
export function interpolateRoutes(find: FindService, services: () => readonly Service[]): Router {
  const router = createRouter();
  const limit = () => largestBody(services());
  router.post('/', readBody(limit), async (request, response) => {
    const wanted = jsonBody(interpolateRequest, request);
    const service = find(wanted.model, response);
    const { sampler } = service.generator;
    const { latent } = sampler.metadata;
    const { from, to, steps, interpolation, format, fps } = wanted;
    expectAtMost(mostPictures(service), steps, 'steps');
    const label = labelOfWalk(sampler, wanted);
    const first = latentOf('from', from, wanted.truncation, latent.size);
    const last = latentOf('to', to, wanted.truncation, latent.size);
    const between = interpolation === 'slerp' ? slerp : straight;
    const signal = service.admit(response, steps);
    const z = new Float32Array(steps * latent.size);
    for (let i = 0; i < steps; i++) z.set(between(first, last, i / (steps - 1)), i * latent.size);
    const labels = label === undefined ? undefined : Array<number>(steps).fill(label);
    const images = await sampler.draw({ latents: z, labels, signal });
    response.set('Cache-Control', 'no-store');
    await answer(response, images, format, fps);
  });
  router.all('/', onlyMethod('POST'));
  return router;
}

/** Both ends as latents. */
function largestBody(services: readonly Service[]): number {
  const sizes = services.map(({ generator }) => generator.sampler.metadata.latent.size);
  return ENVELOPE_BYTES + 2 * Math.max(0, ...sizes) * NUMBER_BYTES;
}

function labelOfWalk(sampler: Sampler, { from, class: given }: Wanted): number | undefined {
  const label = labelOf(sampler, given);
  const { classes } = sampler.metadata;
  if (label !== undefined || !classes) return label;
  if (from.seed !== undefined) return (from.index ?? 0) % classes.length;
  throw new HttpError(400, 'class is missing: a latent has none of its own', {}, 'class');
}

function latentOf(
  name: string,
  { seed, index = 0, latent: given }: End,
  truncation: number | undefined,
  size: number,
): Float32Array {
  if (!given) return latents(seed!, index, size, { truncation });
  if (given.length === size) return Float32Array.from(given);
  const message = `${name}.latent: expected ${size} numbers, got ${given.length}`;
  throw new HttpError(400, message, {}, name);
}

function straight(a: Float32Array, b: Float32Array, share: number): Float32Array {
  return a.map((x, i) => (1 - share) * x + share * b[i]!);
}

async function answer(
  response: Response,
  images: Images,
  format: Wanted['format'],
  fps: number,
): Promise<void> {
  if (format === 'grid') {
    response.type('png').send(bufferOf(await encodeImages(images, 'png')));
  } else if (format === 'webp') {
    response.type('webp').send(bufferOf(await encodeAnimation(images, { fps })));
  } else {
    const frames: string[] = [];
    for (let i = 0; i < images.count; i++) {
      frames.push(bufferOf(await encodeImages(pictureOf(images, i), 'png')).toString('base64'));
    }
    response.json({ frames });
  }
}
