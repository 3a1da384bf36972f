/**
 * `POST /v1/images/generations`, as OpenAI's SDK sends it: https://platform.openai.com/docs/api-reference/images/create
 */
import { randomInt } from 'node:crypto';
import { quote } from '@ganport/model';
import { encodeImages } from '@ganport/sample/node';
import type { Request, Router } from 'express';
import * as z from 'zod';
import { bufferOf, pictureOf } from './answer.ts';
import { jsonBody, readBody } from './body.ts';
import { errorHandler, HttpError } from './http-error.ts';
import { base64, DRAWING_ERRORS, type Operation } from './operation.ts';
import { oneOf, seed } from './parameters.ts';
import { createRouter, onlyMethod } from './router.ts';
import { type FindService, modelId, type Service } from './service.ts';

/** Of a prompt, as of OpenAI's newest models; in UTF-8, and all else. */
const MAX_PROMPT = 32_000;
const MAX_BODY_BYTES = 4 * MAX_PROMPT + 2 ** 12;
/** As OpenAI has it. */
const MAX_PICTURES = 10;
/** Pixels of an enlarged picture. */
const MAX_SIDE = 2048;
/** `randomInt` gives 48 bits. */
const MAX_RANDOM = 2 ** 48 - 1;

/** What other servers take beside these is let pass. */
const generationsRequest = z
  .object({
    prompt: z
      .string()
      .max(MAX_PROMPT)
      .meta({ description: 'Of a generator of classes, names one of them; else it says nothing' }),
    model: z.string().optional().meta({ description: 'The default one unless given' }),
    n: z.int().min(1).max(MAX_PICTURES).nullable().optional(),
    size: z
      .string()
      .regex(/^(auto|\d{1,5}x\d{1,5})$/, 'expected auto, or a size such as 256x256')
      .nullable()
      .optional()
      .meta({ description: 'The generator’s own, or a multiple of it, whose pixels are squares' }),
    response_format: oneOf('b64_json', 'url').nullable().optional(),
    output_format: oneOf('png', 'webp').nullable().optional(),
    seed: seed.nullable().optional().meta({ description: 'The answer tells which it was' }),
    stream: z
      .literal(false, { error: () => 'expected false: pictures come at once' })
      .nullable()
      .optional(),
  })
  .meta({ id: 'GenerationsRequest', examples: [{ prompt: 'a picture', n: 2, seed: 42 }] });

const generationsAnswer = z
  .object({
    created: z.int().meta({ description: 'Seconds since 1970' }),
    data: z.array(z.object({ b64_json: base64.optional(), url: z.url().optional() })),
    output_format: z.enum(['png', 'webp']),
    size: z.string(),
    seed: z.int(),
  })
  .meta({ id: 'Generations' });

const generationsError = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: 'GenerationsError', description: 'As OpenAI puts errors' });

export const generationsOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/images/generations', id: 'generations', tag: 'pictures' },
    summary: 'Pictures for OpenAI’s SDK',
    body: generationsRequest,
    answers: { 'application/json': generationsAnswer },
    errors: [...DRAWING_ERRORS, 404, 405, 413, 415],
    error: generationsError,
  },
];

/** @param find the model that a request names, kept open until it is answered */
export function generationsRoutes(find: FindService): Router {
  const router = createRouter();
  router.post('/', readBody(MAX_BODY_BYTES), async (request, response) => {
    const { prompt, model, ...wanted } = jsonBody(generationsRequest, request);
    const service = find(model, response);
    const { sampler } = service.generator;
    const label = classInPrompt(prompt, sampler.metadata.classes);
    const { scale, size } = scaleOf(wanted.size ?? 'auto', service);
    const count = wanted.n ?? 1;
    const seed = wanted.seed ?? randomInt(MAX_RANDOM);
    const format = wanted.output_format ?? 'png';
    const head = { created: Math.floor(Date.now() / 1000), output_format: format, size, seed };
    response.set('Cache-Control', 'no-store');
    if (wanted.response_format === 'url') {
      if (scale > 1) {
        const { width, height } = sampler.metadata.image;
        const expected = `expected auto or ${width}x${height}, of which a picture with a url is`;
        throw new HttpError(400, `size: ${expected}, got ${size}`, {}, 'size');
      }
      const address = addressOf(request, service);
      const chosen = label === undefined ? '' : `?class=${label}`;
      const data = Array.from({ length: count }, (_, i) => ({
        url: `${address}/${seed}/${i}.${format}${chosen}`,
      }));
      response.json({ ...head, data });
      return;
    }
    const signal = service.admit(response, count);
    const images = await sampler.sample({ seed, count, label, signal });
    const data: { b64_json: string }[] = [];
    // One after the other: enlarged, each is some megabytes.
    for (let i = 0; i < count; i++) {
      const encoded = await encodeImages(pictureOf(images, i), format, { scale });
      signal.throwIfAborted();
      data.push({ b64_json: bufferOf(encoded).toString('base64') });
    }
    response.json({ ...head, data });
  });
  router.all('/', onlyMethod('POST'));
  router.use(
    errorHandler((status, message, _id, field) => ({
      error: { message, ...kindOf(status), param: field ?? null },
    })),
  );
  return router;
}

/** OpenAI's words for a status. */
function kindOf(status: number): { type: string; code: string | null } {
  if (status === 404) return { type: 'invalid_request_error', code: 'model_not_found' };
  if (status === 429) return { type: 'rate_limit_error', code: 'rate_limit_exceeded' };
  if (status >= 500) return { type: 'server_error', code: null };
  return { type: 'invalid_request_error', code: status === 400 ? 'invalid_value' : null };
}

/**
 * The class that a prompt is, or has among its words; nothing of a generator without classes.
 * @throws HttpError 400 for none, and for several
 */
function classInPrompt(prompt: string, classes: readonly string[] | undefined): number | undefined {
  if (!classes) return undefined;
  const words = ` ${wordsOf(prompt)} `;
  const named = classes.filter((name) => words.includes(` ${wordsOf(name)} `));
  // Of "ankle boot" and "boot" the longer one was meant.
  const longest = named.filter((name) => !named.some((other) => isWithin(name, other)));
  if (longest.length === 1) return classes.indexOf(longest[0]!);
  const listed = classes.slice(0, 12).map(quote).join(', ');
  const expected = `prompt: expected one of the classes ${listed}${classes.length > 12 ? ', …' : ''}`;
  const got = longest.length > 0 ? longest.map(quote).join(' and ') : quote(prompt);
  throw new HttpError(400, `${expected}, got ${got}`, {}, 'prompt');
}

/** Letters and numbers in lower case, with one space between others. */
function wordsOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function isWithin(name: string, other: string): boolean {
  return name !== other && ` ${wordsOf(other)} `.includes(` ${wordsOf(name)} `);
}

/** How many times larger a picture is to be than the generator's. @throws HttpError 400 unless it is so many times */
function scaleOf(size: string, { generator }: Service): { scale: number; size: string } {
  const { width, height } = generator.sampler.metadata.image;
  const own = `${width}x${height}`;
  if (size === 'auto') return { scale: 1, size: own };
  const [wide, high] = size.split('x').map(Number);
  const scale = wide! / width;
  const most = Math.max(1, Math.floor(MAX_SIDE / Math.max(width, height)));
  if (Number.isInteger(scale) && scale >= 1 && scale <= most && high === scale * height) {
    return { scale, size };
  }
  const expected = `expected auto, ${own}, or a multiple of it up to ${most * width}x${most * height}`;
  throw new HttpError(400, `size: ${expected}, got ${size}`, {}, 'size');
}

/** Where a model's pictures are, for ever. */
function addressOf(request: Request, service: Service): string {
  const host = request.get('Host');
  if (!host) throw new HttpError(400, 'Host: expected one, for the addresses of pictures');
  const images = request.baseUrl.replace(/\/generations$/, '');
  return `${request.protocol}://${host}${images}/${modelId(service)}`;
}
