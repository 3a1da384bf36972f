/**
 * The Open Inference Protocol, version 2, of KServe and Triton: the generator as a model with inputs z and, of
 * classes, label. https://github.com/kserve/open-inference-protocol
 */
import { quote } from '@ganport/model';
import type { Request, Response, Router } from 'express';
import * as z from 'zod';
import { bufferOf } from './answer.ts';
import { readBody } from './body.ts';
import { errorHandler, HttpError } from './http-error.ts';
import { DRAWING_ERRORS, file, type Operation } from './operation.ts';
import { createRouter, nothingHere, onlyMethod } from './router.ts';
import { mostPictures, type Service } from './service.ts';
import { inferAnswer, inferRequest, numbersOf, parseInfer } from './tensors.ts';

const OUTPUT = 'image';

/** A number in JSON, with its comma, and what stands around tensors. */
const NUMBER_BYTES = 32;
const ENVELOPE_BYTES = 2 ** 14;
/** A level in JSON is a number of JavaScript's on the way: this many take some milliseconds. */
const MAX_JSON_LEVELS = 2 ** 20;

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

export function inferRoutes(service: Service): Router {
  const { name, version: own } = service;
  const { sampler } = service.generator;
  const { metadata } = sampler;
  const { height, width, channels } = metadata.image;
  const { size } = metadata.latent;
  const most = mostPictures(service);
  const inputs = [
    { name: 'z', datatype: 'FP32', shape: [-1, size] },
    ...(metadata.classes ? [{ name: 'label', datatype: 'INT64', shape: [-1] }] : []),
  ];
  const outputs = [{ name: OUTPUT, datatype: 'UINT8', shape: [-1, height, width, channels] }];

  /** @throws HttpError 404 for another model */
  function expectModel({ params }: Request): void {
    const { model, version = own } = params as Record<string, string>;
    if (model !== name) {
      throw new HttpError(404, `there is no model ${quote(model)}: expected ${name}`);
    }
    if (version !== own) {
      throw new HttpError(404, `there is no version ${quote(version)}: expected ${own}`);
    }
  }

  async function infer(request: Request, response: Response): Promise<void> {
    expectModel(request);
    if (!Buffer.isBuffer(request.body)) throw new HttpError(400, 'expected a body');
    const jsonBytes = request.get('Inference-Header-Content-Length');
    const { id, inputs: given, binary } = parseInfer(request.body, jsonBytes, OUTPUT);
    for (const other of given.keys()) {
      if (inputs.some(({ name }) => name === other)) continue;
      throw new HttpError(400, `inputs: there is no ${quote(other)}`);
    }
    const tensor = (name: string) => {
      const input = given.get(name);
      if (!input) throw new HttpError(400, `inputs: ${name} is missing`);
      return input;
    };
    const z = Float32Array.from(numbersOf('z', tensor('z'), 'FP32', [size]));
    const labels = metadata.classes && numbersOf('label', tensor('label'), 'INT64', []);
    const count = z.length / size;
    const levels = height * width * channels;
    const largest = binary ? most : Math.min(most, Math.floor(MAX_JSON_LEVELS / levels));
    if (count > largest) {
      const remedy = binary ? '' : ', and more with binary_data';
      throw new HttpError(400, `z: expected at most ${largest} pictures${remedy}, got ${count}`);
    }
    const signal = service.admit(response, count);
    const { data } = await sampler.draw({ latents: z, labels, signal });
    const output = { name: OUTPUT, datatype: 'UINT8', shape: [count, height, width, channels] };
    const head = { model_name: name, model_version: own, ...(id !== undefined && { id }) };
    if (!binary) {
      response.json({ ...head, outputs: [{ ...output, data: Array.from(data) }] });
      return;
    }
    const parameters = { binary_data_size: data.length };
    const json = Buffer.from(JSON.stringify({ ...head, outputs: [{ ...output, parameters }] }));
    response.set('Inference-Header-Content-Length', String(json.length));
    response.type('application/octet-stream').send(Buffer.concat([json, bufferOf(data)]));
  }

  const router = createRouter();
  router.get('/', (_request, response) => {
    const { ganport: version } = metadata.provenance.versions;
    response.json({ name: 'ganport', version: version ?? '', extensions: ['binary_tensor_data'] });
  });
  router.get('/health/live', (_request, response) => response.json({ live: true }));
  router.get('/health/ready', (_request, response) => {
    response.status(service.draining ? 503 : 200).json({ ready: !service.draining });
  });
  const limit = ENVELOPE_BYTES + most * size * NUMBER_BYTES;
  for (const model of ['/models/:model', '/models/:model/versions/:version']) {
    router.get(model, (request, response) => {
      expectModel(request);
      const platform = 'onnxruntime_onnx';
      response.json({ name, versions: [own], platform, inputs, outputs });
    });
    router.get(`${model}/ready`, (request, response) => {
      expectModel(request);
      response.status(service.draining ? 503 : 200).json({ name, ready: !service.draining });
    });
    router.post(`${model}/infer`, readBody(limit), infer);
    router.all(`${model}/infer`, onlyMethod('POST'));
  }
  router.use(nothingHere);
  // The protocol's errors are strings.
  router.use(errorHandler((_status, error) => ({ error })));
  return router;
}
