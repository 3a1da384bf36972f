/**
 * The Open Inference Protocol, version 2, of KServe and Triton: the generator as a model with inputs z and, of
 * classes, label. https://github.com/kserve/open-inference-protocol
 */
import { quote } from '@ganport/model';
import express, { type Request, type Response, type Router } from 'express';
import { bufferOf } from './answer.ts';
import { errorHandler, HttpError } from './http-error.ts';
import { createRouter } from './router.ts';
import { mostPictures, type Service } from './service.ts';
import { numbersOf, parseInfer } from './tensors.ts';

const OUTPUT = 'image';

/** A number in JSON, with its comma, and what stands around tensors. */
const NUMBER_BYTES = 32;
const ENVELOPE_BYTES = 2 ** 14;
/** A level in JSON is a number of JavaScript's on the way: this many take some milliseconds. */
const MAX_JSON_LEVELS = 2 ** 20;

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
  const readBody = express.raw({
    type: () => true,
    limit: ENVELOPE_BYTES + most * size * NUMBER_BYTES,
  });
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
    router.post(`${model}/infer`, readBody, infer);
    router.all(`${model}/infer`, (request, response) => {
      response.set('Allow', 'POST');
      throw new HttpError(405, `expected POST, got ${request.method}`);
    });
  }
  router.use((request) => {
    throw new HttpError(404, `there is nothing at ${quote(request.path)}`);
  });
  // The protocol's errors are strings.
  router.use(errorHandler((_status, error) => ({ error })));
  return router;
}
