/**
 * The Open Inference Protocol, version 2, of KServe and Triton: the generator as a model with inputs z and, of
 * classes, label. https://github.com/kserve/open-inference-protocol
 */
import { quote } from '@ganport/model';
import type { Request, Response, Router } from 'express';
import { bufferOf } from './answer.ts';
import { bodyBytes, readBody } from './body.ts';
import { errorHandler, HttpError } from './http-error.ts';
import { createInferenceTally } from './inference-tally.ts';
import { createRouter, nothingHere, onlyMethod } from './router.ts';
import { mostPictures, type Service } from './service.ts';
import { numbersOf, parseInfer } from './tensors.ts';
import { version as ganport } from './version.ts';

const OUTPUT = 'image';
const EXTENSIONS = ['binary_tensor_data', 'model_configuration', 'statistics'];
const PLATFORM = 'onnxruntime_onnx';

/** A number in JSON, with its comma, and what stands around tensors. */
const NUMBER_BYTES = 32;
const ENVELOPE_BYTES = 2 ** 14;
/** A level in JSON is a number of JavaScript's on the way: this many take some milliseconds. */
const MAX_JSON_LEVELS = 2 ** 20;

/** @param versionsOf all of the model's that are served */
export function inferRoutes(service: Service, versionsOf: () => readonly string[]): Router {
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
  const tally = createInferenceTally();

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
    const jsonBytes = request.get('Inference-Header-Content-Length');
    const { id, inputs: given, binary } = parseInfer(bodyBytes(request), jsonBytes, OUTPUT);
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
    response.once('close', tally.begin(response));
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
    response.json({ name: 'ganport', version: ganport, extensions: EXTENSIONS });
  });
  router.get('/health/live', (_request, response) => response.json({ live: true }));
  router.get('/health/ready', (_request, response) => {
    response.status(service.draining ? 503 : 200).json({ ready: !service.draining });
  });
  const limit = ENVELOPE_BYTES + most * size * NUMBER_BYTES;
  for (const model of ['/models/:model', '/models/:model/versions/:version']) {
    router.get(model, (request, response) => {
      expectModel(request);
      response.json({ name, versions: versionsOf(), platform: PLATFORM, inputs, outputs });
    });
    router.get(`${model}/config`, (request, response) => {
      expectModel(request);
      const [input, output] = [inputs, outputs].map((tensors) => tensors.map(configOf));
      const head = { name, platform: PLATFORM, backend: 'onnxruntime', max_batch_size: most };
      response.json({ ...head, input, output });
    });
    router.get(`${model}/stats`, (request, response) => {
      expectModel(request);
      const head = { name, version: own };
      response.json({ model_stats: [{ ...head, ...tally.statistics(sampler.stats) }] });
    });
    router.get(`${model}/ready`, (request, response) => {
      expectModel(request);
      response.status(service.draining ? 503 : 200).json({ name, ready: !service.draining });
    });
    router.post(`${model}/infer`, readBody(limit), infer);
    router.all(`${model}/infer`, onlyMethod('POST'));
  }
  router.use(nothingHere);
  router.use(answerInferError);
  return router;
}

/** The protocol's errors are strings; KServe's SDK reads them of no other Content-Type. */
export const answerInferError = errorHandler((_status, error) => ({ error }), 'application/json');

/** A tensor as Triton's model configuration has it. */
function configOf({ name, datatype, shape }: { name: string; datatype: string; shape: number[] }) {
  return { name, data_type: `TYPE_${datatype}`, dims: shape.slice(1) };
}
