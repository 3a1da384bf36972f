/** The generator itself. */
import { generatorMetadataSchema } from '@ganport/model';
import type { Router } from 'express';
import * as z from 'zod';
import { file, type Operation } from './operation.ts';
import { expectOwn } from './parameters.ts';
import { createRouter } from './router.ts';
import { sendBytes } from './send-bytes.ts';
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
  router.get('/v1/model', (request, response) => {
    expectOwn(request.query, []);
    const { metadata, description: runtime } = sampler;
    const model = { sha256, bytes: file.length, device, runtime, metadata };
    response.set({ ETag: `"${sha256}-${device}"`, 'Cache-Control': 'no-cache' }).json(model);
  });
  router.get('/generator.onnx', (request, response) => {
    expectOwn(request.query, []);
    response.set({ ETag: `"${sha256}"`, 'Cache-Control': 'no-cache' });
    response.type('application/octet-stream');
    sendBytes(request, response, file);
  });
  return router;
}
