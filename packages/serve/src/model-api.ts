/** The generator itself. */
import { generatorMetadataSchema } from '@ganport/model';
import type { Request, Response, Router } from 'express';
import * as z from 'zod';
import { HttpError } from './http-error.ts';
import { file, type Operation } from './operation.ts';
import { createRouter } from './router.ts';
import type { Service } from './service.ts';

const modelAnswer = z
  .object({
    sha256: z.string().meta({ description: 'Of generator.onnx' }),
    bytes: z.int(),
    device: z.string(),
    runtime: z
      .string()
      .meta({ description: 'What draws', examples: ['onnxruntime 1.30.0 on the CPU'] }),
    metadata: generatorMetadataSchema,
  })
  .meta({ id: 'Model' });

export type ModelAnswer = z.output<typeof modelAnswer>;

export const modelOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/v1/model', id: 'model', tag: 'model' },
    summary: 'What the generator is',
    answers: { 'application/json': modelAnswer },
    errors: [],
  },
  {
    ...{ method: 'get', path: '/generator.onnx', id: 'generator', tag: 'model' },
    summary: 'The generator itself; ranges of it too',
    answers: { 'application/octet-stream': file },
    errors: [412, 416],
  },
];

export function modelRoutes(service: Service): Router {
  const { sampler, device, sha256, file } = service.generator;
  const router = createRouter();
  router.get('/v1/model', (_request, response) => {
    const { metadata, description: runtime } = sampler;
    const model = { sha256, bytes: file.length, device, runtime, metadata };
    response.set({ ETag: `"${sha256}-${device}"`, 'Cache-Control': 'no-cache' }).json(model);
  });
  router.get('/generator.onnx', (request, response) => {
    response.set({ ETag: `"${sha256}"`, 'Cache-Control': 'no-cache' });
    response.type('application/octet-stream');
    sendBytes(request, response, file);
  });
  return router;
}

/** @throws HttpError 416 for a range outside, 412 where If-Match names another file */
function sendBytes(request: Request, response: Response, bytes: Uint8Array): void {
  const etag = response.get('ETag')!;
  const match = request.get('If-Match');
  if (match !== undefined && match !== '*' && !match.split(/\s*,\s*/).includes(etag)) {
    throw new HttpError(412, `If-Match: this file is ${etag}`);
  }
  response.set('Accept-Ranges', 'bytes');
  const ranges = (request.get('If-Range') ?? etag) === etag && request.range(bytes.length);
  if (ranges === -1) {
    throw new HttpError(416, `Range: this file has ${bytes.length} bytes`, {
      'Content-Range': `bytes */${bytes.length}`,
    });
  }
  // Several ranges at once, and what is no range, get the whole file.
  const range = Array.isArray(ranges) && ranges.type === 'bytes' && ranges.length === 1;
  const { start, end } = range ? ranges[0]! : { start: 0, end: bytes.length - 1 };
  if (range && !request.fresh) {
    response.status(206).set('Content-Range', `bytes ${start}-${end}/${bytes.length}`);
  }
  const { buffer, byteOffset } = bytes;
  response.send(Buffer.from(buffer, byteOffset + start, end + 1 - start));
}
