/** What onnxruntime is told for CUDA, which needs no GPU to be seen: by a table of functions of the test's. */
import { float32 } from '@ganport/onnx';
import { describe, expect, test } from 'vitest';
import { createBackend } from '../src/native/backend.ts';
import { appendCuda, type CudaOptions } from '../src/native/cuda-options.ts';
import { createScope } from '../src/native/scope.ts';
import { bindPorts } from '../src/ports.ts';
import type { Port } from '../src/program.ts';
import { type FakeApi, fakeApi } from './fake-api.ts';

const SETTINGS = 1000n;

function appended(options?: CudaOptions): FakeApi {
  const api = fakeApi();
  const scope = createScope(api);
  appendCuda(scope, SETTINGS, options);
  scope.close();
  return api;
}

describe('options', () => {
  test.each<[string, CudaOptions | undefined, Record<string, string>]>([
    ['nothing asked for', undefined, {}],
    ['TF32', { tf32: true }, { use_tf32: '1' }],
    ['graphs', { graphs: true }, { enable_cuda_graph: '1' }],
    ['search by rules', { cudnnSearch: 'heuristic' }, { cudnn_conv_algo_search: 'HEURISTIC' }],
    ['no search', { cudnnSearch: 'default' }, { cudnn_conv_algo_search: 'DEFAULT' }],
    ['a limit', { memoryLimit: 6 * 2 ** 30 }, { gpu_mem_limit: '6442450944' }],
    ['all off', { tf32: false, graphs: false, cudnnSearch: 'exhaustive' }, {}],
  ])('%s', (_, options, changed) => {
    const expected = {
      device_id: '0',
      use_tf32: '0',
      enable_cuda_graph: '0',
      cudnn_conv_algo_search: 'EXHAUSTIVE',
      ...changed,
    };
    const [keys, values] = [Object.keys(expected), Object.values(expected)];
    expect(appended(options).calls).toEqual([
      ['CreateCUDAProviderOptions'],
      ['UpdateCUDAProviderOptions', 1n, keys, values, keys.length],
      ['SessionOptionsAppendExecutionProvider_CUDA_V2', SETTINGS, 1n],
      ['ReleaseCUDAProviderOptions', 1n],
    ]);
  });

  test.each(['UpdateCUDAProviderOptions', 'SessionOptionsAppendExecutionProvider_CUDA_V2'])(
    'are released where %s fails',
    (name) => {
      const api = fakeApi({ [name]: 'Failed to load library' });
      const scope = createScope(api);
      expect(() => appendCuda(scope, SETTINGS)).toThrow('Failed to load library');
      scope.close();
      expect(api.calls.at(-1)).toEqual(['ReleaseCUDAProviderOptions', 1n]);
      expect(api.live.CUDAProviderOptions).toBe(0);
    },
  );
});

/** A step: state w takes w_next; x is fed, the loss is returned. */
async function backendOf(port: Pick<Port, 'shape'>, graphs: boolean) {
  const api = fakeApi();
  const w: Port = { name: 'w', dtype: 'float32', shape: [2] };
  const bindings = bindPorts(
    [{ name: 'x', dtype: 'float32', ...port }, w],
    [
      { ...w, name: 'w_next' },
      { name: 'loss', dtype: 'float32', shape: [] },
    ],
    { w: 'w_next' },
  );
  const scope = createScope(api);
  const thread = api.startThread();
  const memory = { scope, env: 501n, thread, host: 502n, device: 503n };
  const backend = await createBackend({ memory, session: 504n, bindings, graphs });
  return { api, backend };
}

const called = ({ calls }: FakeApi, wanted: string) => calls.filter(([name]) => name === wanted);

test('each direction of a step is a graph of its own, with other numbers than 0 and -1', async () => {
  const { api } = await backendOf({ shape: [3] }, true);
  const entries = called(api, 'AddRunConfigEntry').map(([, , key, value]) => [key, value]);
  expect(entries).toEqual([
    ['gpu_graph_id', '1'],
    ['gpu_graph_id', '2'],
  ]);
});

test('without graphs there are no numbers', async () => {
  const { api } = await backendOf({ shape: [3] }, false);
  expect(called(api, 'AddRunConfigEntry')).toEqual([]);
});

test('a graph is replayed with the same addresses: what is fed is copied to where it was bound', async () => {
  const { api, backend } = await backendOf({ shape: [3] }, true);
  const bound = () => [...called(api, 'BindInput'), ...called(api, 'BindOutput')];
  const x = bound().filter(([, , name]) => name === 'x');
  const results = bound().filter(([, , name]) => name === 'loss');
  // Both directions, each once and for all.
  expect(x.map(([, , , value]) => value)).toEqual([x[0]![3], x[0]![3]]);
  expect(results.map(([, , , value]) => value)).toEqual([results[0]![3], results[0]![3]]);
  const made = called(api, 'CreateTensorAsOrtValue').length;
  const before = api.calls.length;
  for (let i = 0; i < 4; i += 1) await backend.run({ x: float32([1, 2, 3]) }, undefined);
  expect(called(api, 'CreateTensorAsOrtValue')).toHaveLength(made);
  const inRuns = api.calls.slice(before);
  expect(inRuns.filter(([name]) => name === 'CopyTensors')).toHaveLength(8);
  expect(inRuns.filter(([, , name]) => name === 'x' || name === 'loss')).toEqual([]);
});

test('a step goes from one set of the state into the other, and back', async () => {
  const { api, backend } = await backendOf({ shape: [3] }, true);
  for (let i = 0; i < 3; i += 1) await backend.run({ x: float32([1, 2, 3]) }, undefined);
  const bindings = called(api, 'RunWithBinding').map(([, , , binding]) => binding);
  expect(bindings).toEqual([bindings[0], bindings[1], bindings[0]]);
  expect(bindings[0]).not.toBe(bindings[1]);
  const value = (binding: unknown, call: string, port: string) =>
    called(api, call).find(([, of, name]) => of === binding && name === port)![3];
  const [there, back] = bindings;
  expect(value(there, 'BindOutput', 'w_next')).toBe(value(back, 'BindInput', 'w'));
  expect(value(back, 'BindOutput', 'w_next')).toBe(value(there, 'BindInput', 'w'));
});

test('graphs need known sizes', async () => {
  await expect(backendOf({ shape: ['N'] }, true)).rejects.toThrow(
    '"x" has the shape [N]: CUDA graphs need known sizes',
  );
  await backendOf({ shape: ['N'] }, false);
});
