/** What the Open Inference Protocol's addresses take and answer, as openapi.json says it. */
import * as z from 'zod';
import { DRAWING_ERRORS, file, type Operation } from './operation.ts';
import { inferAnswer, inferRequest } from './tensors.ts';

const tensor = z
  .object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) })
  .meta({ id: 'TensorMetadata' });

const serverAnswer = z.object({
  name: z.string(),
  version: z.string(),
  extensions: z.array(z.string()),
});
const readyAnswer = z.object({ name: z.string(), ready: z.boolean() });
const metadataAnswer = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(tensor),
  outputs: z.array(tensor),
});
const configTensor = z
  .object({ name: z.string(), data_type: z.string(), dims: z.array(z.int()) })
  .meta({ id: 'TensorConfig', description: 'Without the first dimension, the number of pictures' });

const configAnswer = z
  .object({
    name: z.string(),
    platform: z.string(),
    backend: z.string(),
    max_batch_size: z
      .int()
      .meta({ description: 'Pictures of a request, whose runs are cut otherwise' }),
    input: z.array(configTensor),
    output: z.array(configTensor),
  })
  .meta({ id: 'ModelConfig' });

const duration = z
  .object({ count: z.int(), ns: z.int().meta({ description: 'Nanoseconds of all together' }) })
  .meta({ id: 'Duration' });

const statsAnswer = z
  .object({
    model_stats: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        last_inference: z.int().meta({ description: 'Milliseconds since 1970; 0 for none' }),
        inference_count: z.int().meta({ description: 'Pictures, of all protocols' }),
        execution_count: z.int().meta({ description: 'Runs' }),
        inference_stats: z.object({
          success: duration.meta({ description: 'Requests of this protocol' }),
          fail: duration.meta({ description: 'Of those that were let in' }),
          queue: duration.meta({ description: 'Until runs began, of all protocols' }),
          compute_infer: duration.meta({ description: 'Runs' }),
        }),
      }),
    ),
  })
  .meta({ id: 'ModelStatistics' });

const inferError = z
  .object({ error: z.string() })
  .meta({ id: 'InferError', description: 'The protocol’s errors are strings' });

/** Of each of them, at the model's address and at its version's. */
const modelOperations = ['', '/versions/{version}'].flatMap((versioned): Operation[] => {
  const path = `/v2/models/{model}${versioned}`;
  const params = z.object({
    model: z.string(),
    ...(versioned && { version: z.string() }),
  });
  const suffix = versioned && '-of-version';
  const common = { tag: 'inference', params, error: inferError } as const;
  return [
    {
      ...{ ...common, method: 'get', path, id: `model-metadata${suffix}` },
      summary: 'The model’s inputs and outputs',
      answers: { 'application/json': metadataAnswer },
      errors: [404],
    },
    {
      ...{ ...common, method: 'get', path: `${path}/ready`, id: `model-ready${suffix}` },
      summary: 'Whether it lets pictures in',
      answers: { 'application/json': readyAnswer },
      errors: [404, 503],
    },
    {
      ...{ ...common, method: 'get', path: `${path}/config`, id: `model-config${suffix}` },
      summary: 'How it is run, as Triton tells it',
      answers: { 'application/json': configAnswer },
      errors: [404],
    },
    {
      ...{ ...common, method: 'get', path: `${path}/stats`, id: `model-stats${suffix}` },
      summary: 'What it has drawn since it was loaded, as Triton tells it',
      answers: { 'application/json': statsAnswer },
      errors: [404],
    },
    {
      ...{ ...common, method: 'post', path: `${path}/infer`, id: `infer${suffix}` },
      summary: 'Draws pictures of latents',
      description:
        'Tensors are numbers in JSON, or bytes behind it: then Inference-Header-Content-Length tells how long the JSON is.',
      headers: z.object({ 'Inference-Header-Content-Length': z.int().optional() }),
      body: inferRequest,
      bodyType: 'application/octet-stream',
      answers: { 'application/json': inferAnswer, 'application/octet-stream': file },
      errors: [...DRAWING_ERRORS, 404, 405, 413],
    },
  ];
});

export const inferOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/v2', id: 'server-metadata', tag: 'inference' },
    summary: 'The server, and its extensions of the Open Inference Protocol',
    answers: { 'application/json': serverAnswer },
    errors: [],
  },
  {
    ...{ method: 'get', path: '/v2/health/live', id: 'server-live', tag: 'inference' },
    summary: 'Whether the process answers',
    answers: { 'application/json': z.object({ live: z.boolean() }) },
    errors: [],
  },
  {
    ...{ method: 'get', path: '/v2/health/ready', id: 'server-ready', tag: 'inference' },
    summary: 'Whether pictures are let in',
    answers: { 'application/json': z.object({ ready: z.boolean() }) },
    errors: [503],
    error: z.object({ ready: z.boolean() }),
  },
  ...modelOperations,
];
