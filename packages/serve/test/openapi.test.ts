/** openapi.json: it is valid, tells of every address, and what is answered is as it says. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Router } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGenerator, writeTemporary } from '../../sample/test/fixture.ts';
import { serviceRoutes } from '../src/app.ts';
import {
  createApp,
  createService,
  oneModel,
  type RunningServer,
  startServer,
} from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const { model } = buildGenerator({ latent: 8, height: 4, width: 4 });
const file = await writeTemporary(model);
let server: RunningServer;
let document: OpenApi;
const ajv = new Ajv2020({ strict: false, validateFormats: false });

beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
  document = await (await get('/openapi.json')).json();
  ajv.addSchema(document, 'document');
});
afterAll(async () => {
  await server.close();
  await file.remove();
});

const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);

interface Described {
  operationId: string;
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
type OpenApi = {
  openapi: string;
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
};

test('it is OpenAPI 3.1, as another program reads it', async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  expect(await new Validator().validate({ ...document, paths: { x: {} } })).toMatchObject({
    valid: false,
  });
  const names = Object.values(document.paths)
    .flatMap((item) => Object.values(item))
    .map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
});

/** What express keeps of an application: routes, and routers with the path that they were put at. */
interface Layer {
  rawPath: string;
  handle: { stack?: Layer[] };
  route?: { path: string | string[]; methods: Record<string, boolean> };
}

/** Each method and address of it, as OpenAPI writes them. */
function routesOf(stack: readonly Layer[], prefix = ''): string[] {
  return stack.flatMap(({ rawPath, route, handle }) => {
    if (!route) return routesOf(handle.stack ?? [], rawPath === '/' ? prefix : prefix + rawPath);
    return [route.path].flat().flatMap((path) => {
      const address = `${prefix}${path}`.replace(/(?<=.)\/$/, '').replaceAll(/:(\w+)/g, '{$1}');
      // `all` takes what is left, and answers 405.
      const methods = Object.keys(route.methods).filter((method) => method !== '_all');
      return methods.map((method) => `${method} ${address}`);
    });
  });
}

test('it has every route of the application, and no other', async () => {
  const { generator } = await slowGenerator();
  const service = createService(generator);
  const models = oneModel(service);
  const app = createApp({ models, pageDir: '/tmp' });
  // Those of a generator are made when it is first asked for.
  const routers = [app.router, serviceRoutes(service, Router(), models)];
  const own = routesOf(routers.flatMap(({ stack }) => stack as unknown as Layer[]))
    .filter((route) => route !== 'get /favicon.ico')
    // Files of the interface's page, each of which has a route.
    .map((route) => route.replace(/^get \/docs\/.*/, 'get /docs/{file}'));
  const told = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect([...new Set(own)].sort()).toEqual(told.sort());
  await generator.sampler.close();
});

const post = (body: unknown) => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
});
const z = { name: 'z', datatype: 'FP32', shape: [1, 8], data: Array(8).fill(0) };

const walk = { from: { seed: 1 }, to: { seed: 2 } };

test('each request that it has as an example is answered', async () => {
  const { schemas } = document.components;
  const examples = Object.entries(document.paths).flatMap(([path, { post }]) => {
    const { $ref } = post?.requestBody?.content['application/json']?.schema ?? {};
    const { examples = [] } = schemas[$ref?.split('/').at(-1) ?? ''] ?? {};
    return examples.map((example) => [path, example] as const);
  });
  expect(examples.length).toBeGreaterThanOrEqual(3);
  for (const [path, example] of examples) {
    const response = await get(path, post(example));
    expect([path, response.status]).toEqual([path, 200]);
    await response.bytes();
  }
});

describe('what is answered is as it says', () => {
  test.each([
    ['/v1/images/{seed}', '/v1/images/1?format=json', {}, 200],
    ['/v1/images/{seed}', '/v1/images/x', {}, 400],
    ['/v1/images/{seed}', '/v1/images/1?model=0', {}, 404],
    ['/v1/sample', '/v1/sample', post({ seed: 1, count: 2, format: 'json' }), 200],
    ['/v1/sample', '/v1/sample', post({ seed: -1 }), 400],
    ['/v1/sample', '/v1/sample', { method: 'POST', body: '{}' }, 415],
    ['/v1/interpolate', '/v1/interpolate', post({ ...walk, format: 'frames' }), 200],
    ['/v1/interpolate', '/v1/interpolate', post(walk.from), 400],
    ['/v1/images/generations', '/v1/images/generations', post({ prompt: '' }), 200],
    ['/v1/images/generations', '/v1/images/generations', post({}), 400],
    ['/v1/models', '/v1/models', {}, 200],
    ['/v1/model', '/v1/model', {}, 200],
    ['/v1/health', '/v1/health', {}, 200],
    ['/generator.onnx', '/generator.onnx', { headers: { Range: 'bytes=999999999-' } }, 416],
    ['/openapi.json', '/openapi.json', {}, 200],
    ['/v2', '/v2', {}, 200],
    ['/v2/health/live', '/v2/health/live', {}, 200],
    ['/v2/health/ready', '/v2/health/ready', {}, 200],
    ['/v2/models/{model}', '/v2/models/fixture', {}, 200],
    ['/v2/models/{model}', '/v2/models/other', {}, 404],
    ['/v2/models/{model}/config', '/v2/models/fixture/config', {}, 200],
    ['/v2/models/{model}/stats', '/v2/models/fixture/stats', {}, 200],
    ['/v2/models/{model}/ready', '/v2/models/fixture/ready', {}, 200],
    ['/v2/models/{model}/infer', '/v2/models/fixture/infer', post({ inputs: [z] }), 200],
    ['/v2/models/{model}/infer', '/v2/models/fixture/infer', post({}), 400],
  ] as const)('%s: %s %o is a %i', async (path, address, init, status) => {
    const response = await get(address, init as RequestInit);
    expect(response.status).toBe(status);
    const answer = await response.json();
    const { method = 'GET' } = init as RequestInit;
    expect(wrongWith(path, method, status, answer)).toEqual([]);
    expect(wrongWith(path, method, status, { some: 'other answer' })).not.toEqual([]);
  });
});

/** Against the document, by ajv: nothing of the schemas that made it is used. */
function wrongWith(path: string, method: string, status: number, answer: unknown): unknown[] {
  const { content } = document.paths[path]![method.toLowerCase()]!.responses[status]!;
  const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content']
    .concat('application/json', 'schema')
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  expect(content).toHaveProperty(['application/json']);
  const validate = ajv.compile({ $ref: `document#/${pointer}` });
  return validate(answer) ? [] : validate.errors!;
}
