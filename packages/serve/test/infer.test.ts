/** The Open Inference Protocol: metadata, tensors as JSON and as bytes, errors. */
import { latents } from '@ganport/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGenerator, largestDifference, writeTemporary } from '../../sample/test/fixture.ts';
import { type RunningServer, startServer } from '../src/index.ts';

const { model, expected } = buildGenerator({ latent: 8, height: 4, width: 6, channels: 3 });
const file = await writeTemporary(model);
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
});
afterAll(async () => {
  await server.close();
  await file.remove();
});

const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);
const INFER = '/v2/models/fixture/infer';

/** Latents of pictures 2 and 3 of seed 5, in JSON or in bytes. */
const z = Float32Array.from([...latents(5, 2, 8), ...latents(5, 3, 8)]);
const want = Buffer.concat([expected(5, 2), expected(5, 3)]);
const zInput = { name: 'z', datatype: 'FP32', shape: [2, 8] };
const inJson = { ...zInput, data: Array.from(z) };

function infer(request: object, tensors?: Uint8Array, headers: Record<string, string> = {}) {
  const json = Buffer.from(JSON.stringify(request));
  return get(INFER, {
    method: 'POST',
    body: tensors ? Buffer.concat([json, tensors]) : json,
    headers: {
      ...(tensors && { 'Inference-Header-Content-Length': String(json.length) }),
      ...headers,
    },
  });
}

test('the server, the model, and whether they are ready', async () => {
  const json = async (path: string) => (await get(path)).json();
  expect(await json('/v2')).toEqual({
    ...{ name: 'ganport', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    extensions: ['binary_tensor_data', 'model_configuration', 'statistics'],
  });
  expect(await json('/v2/health/live')).toEqual({ live: true });
  expect(await json('/v2/health/ready')).toEqual({ ready: true });
  for (const path of ['/v2/models/fixture', '/v2/models/fixture/versions/1']) {
    expect(await json(path)).toEqual({
      name: 'fixture',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'z', datatype: 'FP32', shape: [-1, 8] }],
      outputs: [{ name: 'image', datatype: 'UINT8', shape: [-1, 4, 6, 3] }],
    });
    expect(await json(`${path}/ready`)).toEqual({ name: 'fixture', ready: true });
  }
});

test.each([
  ['JSON, flat', inJson, undefined],
  [
    'JSON, nested',
    { ...zInput, data: [Array.from(z.subarray(0, 8)), Array.from(z.subarray(8))] },
    undefined,
  ],
  ['bytes', { ...zInput, parameters: { binary_data_size: 64 } }, new Uint8Array(z.buffer)],
] as const)('latents come as %s, levels go as JSON and as bytes', async (_, input, tensors) => {
  const plain = await infer({ id: 'one', inputs: [input] }, tensors);
  const answer = await plain.json();
  expect(answer).toMatchObject({ model_name: 'fixture', model_version: '1', id: 'one' });
  const [{ data, ...output }] = answer.outputs;
  expect(output).toEqual({ name: 'image', datatype: 'UINT8', shape: [2, 4, 6, 3] });
  expect(largestDifference(data, want)).toBeLessThanOrEqual(1);

  for (const request of [
    { inputs: [input], outputs: [{ name: 'image', parameters: { binary_data: true } }] },
    { inputs: [input], parameters: { binary_data_output: true } },
  ]) {
    const binary = await infer(request, tensors);
    const length = Number(binary.headers.get('inference-header-content-length'));
    const body = Buffer.from(await binary.bytes());
    const head = JSON.parse(body.toString('utf8', 0, length));
    expect(head.outputs[0].parameters).toEqual({ binary_data_size: want.length });
    expect(Array.from(body.subarray(length))).toEqual(data);
  }
});

test.each([
  [{}, 'inputs is missing: expected a list of 1 to 16 items'],
  [{ inputs: [] }, 'inputs: '],
  [{ inputs: [{ ...inJson, name: 'x' }] }, 'inputs: there is no "x"'],
  [{ inputs: [inJson, inJson] }, 'inputs: "z" is given twice'],
  [{ inputs: [{ ...inJson, datatype: 'FP64' }] }, 'z: expected FP32 [N, 8], got FP64 [2, 8]'],
  [{ inputs: [{ ...inJson, shape: [2, 7] }] }, 'z: expected FP32 [N, 8], got FP32 [2, 7]'],
  [{ inputs: [{ ...inJson, shape: [3, 8] }] }, 'z: expected 24 numbers for FP32 [3, 8], got 16'],
  [
    { inputs: [{ ...inJson, shape: [0, 8] }] },
    'inputs.0.shape.0: expected a whole number of at least 1, got',
  ],
  [
    { inputs: [{ ...inJson, shape: [-1, 8] }] },
    'inputs.0.shape.0: expected a whole number of at least 1, got',
  ],
  [{ inputs: [{ ...inJson, data: [...z.subarray(1), 'x'] }] }, 'z: expected numbers, got "x"'],
  [{ inputs: [{ ...inJson, data: [...z.subarray(1), null] }] }, 'z: expected numbers, got null'],
  [{ inputs: [{ ...inJson, data: [...z.subarray(1), 1e300] }] }, 'z: expected 8 finite numbers'],
  [{ inputs: [zInput] }, 'z: expected either data or binary_data_size'],
  [{ inputs: [inJson], outputs: [{ name: 'y' }] }, 'outputs: expected "image", got "y"'],
  [{ inputs: [{ ...zInput, parameters: { binary_data_size: -1 } }] }, 'binary_data_size: '],
  [
    { inputs: [{ ...zInput, parameters: { binary_data_size: 64 } }] },
    'z: binary_data_size: expected at most the 0 bytes that are left, got 64',
  ],
])('%j is a 400 whose error is a line', async (request, message) => {
  const response = await infer(request);
  expect(response.status).toBe(400);
  expect((await response.json()).error).toContain(message);
});

test('what is left of the tensors, and lengths that are none, are refused', async () => {
  const request = { inputs: [{ ...zInput, parameters: { binary_data_size: 64 } }] };
  const more = await infer(request, Buffer.alloc(65));
  expect((await more.json()).error).toBe('the body has 1 bytes more than its inputs tell of');
  for (const length of ['-1', 'x', '99999', '1.5', '1e2', '0x10', '']) {
    const headers = { 'Inference-Header-Content-Length': length };
    const response = await infer(request, new Uint8Array(z.buffer), headers);
    expect(response.status).toBe(400);
    expect((await response.json()).error).toContain('Inference-Header-Content-Length');
  }
});

test.each([
  ['/v2/models/other', {}, 404],
  ['/v2/models/__proto__', {}, 404],
  ['/v2/models/%2e%2e/infer', { method: 'POST', body: '{}' }, 404],
  ['/v2/models/fixture/versions/2', {}, 404],
  ['/v2/nothing', {}, 404],
  [INFER, {}, 405],
  [INFER, { method: 'POST' }, 400],
  [INFER, { method: 'POST', body: '{"inputs"' }, 400],
  [INFER, { method: 'POST', body: Buffer.alloc(2 ** 20) }, 413],
])('%s %o is a %i', async (path, init, status) => {
  const response = await get(path, init);
  expect(response.status).toBe(status);
  expect((await response.json()).error).toEqual(expect.any(String));
});
