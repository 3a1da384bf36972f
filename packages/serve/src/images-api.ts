/** The pictures of a generator over HTTP, at addresses of their own. */
import type { Request, Response, Router } from 'express';
import * as z from 'zod';
import { answerDrawn, drawnImages, imagesAnswer } from './answer.ts';
import { DRAWING_ERRORS, file, type Operation } from './operation.ts';
import {
  classGiven,
  expectAtMost,
  expectIndices,
  expectOwn,
  labelOf,
  oneOf,
  parseRequest,
  spelled,
  spelledCodes,
  spelledIndex,
  spelledSeed,
  spelledTruncation,
} from './parameters.ts';
import { createRouter } from './router.ts';
import {
  chosenName,
  expectNamed,
  MAX_COUNT,
  modelId,
  mostPictures,
  type Picture,
  type Service,
} from './service.ts';

/** Several, where nothing is said of how many. */
const SOME = 16;

const chosen = {
  class: classGiven.optional(),
  code: spelledCodes.optional(),
  truncation: spelledTruncation.optional(),
};
const model = z.string().meta({
  description: 'The first 16 digits of the model’s SHA-256: the answer never changes',
});
const range = {
  start: spelledIndex.default(0),
  count: spelled(1, MAX_COUNT).optional(),
};
const format = oneOf('png', 'json', 'raw').default('png').meta({
  description: 'png is a grid of them; raw is uint8 [N, H, W, C], whose shape X-Shape tells',
});
const place = z.object({ seed: spelledSeed, index: spelledIndex });
const one = z.object({ ...place.shape, ...chosen, model: model.optional() });
const several = z.object({
  seed: spelledSeed,
  ...range,
  format,
  ...chosen,
  model: model.optional(),
});

const errors = [...DRAWING_ERRORS, 404] as const;

export const imageOperations: readonly Operation[] = [
  ...(['png', 'webp'] as const).flatMap((type): Operation[] => {
    const answers = { [`image/${type}`]: file };
    const common = { method: 'get', tag: 'pictures', answers, errors } as const;
    return [
      {
        ...common,
        path: `/v1/images/{seed}/{index}.${type}`,
        id: `picture-${type}`,
        summary: `One picture, as ${type === 'png' ? 'a PNG' : 'a WebP'}`,
        params: place,
        query: z.object({ ...chosen, model: model.optional() }),
      },
      {
        ...common,
        path: `/v1/images/{model}/{seed}/{index}.${type}`,
        id: `picture-of-model-${type}`,
        summary: 'The same of one model: it may be kept for ever',
        params: z.object({ model, ...place.shape }),
        query: z.object(chosen),
      },
    ];
  }),
  {
    method: 'get',
    path: '/v1/images/{seed}',
    id: 'pictures',
    tag: 'pictures',
    summary: 'Several pictures of a seed',
    params: z.object({ seed: spelledSeed }),
    query: z.object({ ...range, format, ...chosen, model: model.optional() }),
    answers: {
      'image/png': file,
      'application/octet-stream': file,
      'application/json': imagesAnswer,
    },
    errors,
  },
];

/**
 * `/{seed}/{index}.png` or `.webp` is one picture; `/{seed}?start=&count=&format=png|json|raw`, several. With
 * `?class=` all are of that class, by name or index; without, of all in turns, where there are any. With
 * `?truncation=` latents are no further from 0; with `?code=digit=3,slant=-1.5` an InfoGAN's codes are these. With
 * `/{model}/{seed}/{index}.png` or `?model=` and the first 16 digits of the model's SHA-256, an answer never
 * changes and says so; without, caches must ask again, because another model may be served at the same
 * address later.
 *
 * Parameters that are not the interface's are ignored: pages and monitors add theirs, to get past a
 * cache or to follow a link. One of the interface's where it does not belong is refused.
 */
export function imageRoutes(service: Service): Router {
  const { sampler } = service.generator;
  const most = mostPictures(service);
  async function answerOne(
    request: Request,
    response: Response,
    format: Picture['format'],
  ): Promise<void> {
    const named = 'model' in request.params ? [] : ['model'];
    expectOwn(request.query, [...Object.keys(chosen), ...named]);
    const wanted = parseRequest(one, parametersOf(request));
    const { model, class: given, code: codes, ...rest } = wanted;
    const picture = { ...rest, label: labelOf(sampler, given), codes, format };
    const ending = format === 'png' ? '' : `.${format}`;
    const name = `${rest.seed}-${rest.index}${chosenName(picture)}${ending}`;
    response.type(format);
    if (isSettled(request, response, service, model, name)) return;
    response.send(await service.picture(response, picture));
  }

  const router = createRouter();
  for (const format of ['png', 'webp'] as const) {
    router.get([`/:seed/:index.${format}`, `/:model/:seed/:index.${format}`], (request, response) =>
      answerOne(request, response, format),
    );
  }
  router.get('/:seed', async (request, response) => {
    expectOwn(request.query, ['start', 'count', ...Object.keys(chosen), 'format', 'model']);
    const wanted = parseRequest(several, parametersOf(request));
    const { seed, start, count = Math.min(SOME, most), code: codes, truncation, format } = wanted;
    const label = labelOf(sampler, wanted.class);
    expectAtMost(most, count, 'count');
    expectIndices(start, count);
    const name = `${seed}-${start}-${count}${chosenName({ label, codes, truncation })}-${format}`;
    if (isSettled(request, response, service, wanted.model, name)) return;
    const signal = service.admit(response, count);
    const images = await sampler.sample({ seed, start, count, label, codes, truncation, signal });
    answerDrawn(response, await drawnImages(images, format === 'png' ? 'grid' : format));
  });
  return router;
}

/** Of the path and the query, which is read each time it is asked for. */
function parametersOf(request: Request): object {
  return { ...request.query, ...request.params };
}

/**
 * Sets the caching headers. Answers 304 if the client has this very answer, and a HEAD, for which nothing
 * is drawn: its answer lacks the length.
 */
function isSettled(
  request: Request,
  response: Response,
  service: Service,
  model: string | undefined,
  name: string,
): boolean {
  const id = modelId(expectNamed(service, model));
  response.set('ETag', `"${id}-${name}"`);
  response.set('Cache-Control', model === id ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (!request.fresh && request.method !== 'HEAD') return false;
  response.status(request.fresh ? 304 : 200).end();
  return true;
}
