/** What onnxruntime is told for CUDA, which needs no GPU to be seen: by a table of functions of the test's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32 } from '@ganport/onnx';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RuntimeError } from '../src/error.ts';
import { createBackend } from '../src/native/backend.ts';
import { type Cudart, cudaCopies, loadCudart } from '../src/native/copies.ts';
import { appendCuda, type CudaOptions } from '../src/native/cuda-options.ts';
import { createScope } from '../src/native/scope.ts';
import { createSession } from '../src/native/session.ts';
import type { Thread } from '../src/native/thread.ts';
import { bindPorts } from '../src/ports.ts';
import type { Port } from '../src/program.ts';
import { type FakeApi, fakeApi } from './fake-api.ts';
import { fakeLibrary } from './fake-library.ts';

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

const CUDART: Cudart = {
  cudaMemcpy: 601n,
  cudaDeviceSynchronize: 602n,
  explain: (code) => (code === 700 ? 'an illegal memory access was encountered' : `error ${code}`),
};
/** cudaMemcpyDefault. */
const BY_ADDRESS = 4n;

/**
 * A step: state w takes w_next; x is fed, the loss is returned.
 * @param returns what CUDA's functions return: pointers, of which an int is the lower half
 */
async function backendOf(
  port: Pick<Port, 'shape'>,
  graphs: boolean,
  returns: bigint | null = null,
) {
  const api = fakeApi();
  /** What the thread is asked for, besides onnxruntime's functions. */
  const calls: (readonly bigint[])[] = [];
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
  const thread: Thread = {
    async call(address, parameters) {
      calls.push([address, ...parameters]);
      return returns;
    },
    close: async () => undefined,
  };
  const copy = cudaCopies(api, thread, CUDART);
  const memory = { scope, thread, host: 502n, device: 503n, copy };
  const backend = await createBackend({ memory, session: 504n, bindings, graphs });
  return { api, calls, backend };
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
  const { api, calls, backend } = await backendOf({ shape: [3] }, true);
  const bound = () => [...called(api, 'BindInput'), ...called(api, 'BindOutput')];
  const x = bound().filter(([, , name]) => name === 'x');
  const results = bound().filter(([, , name]) => name === 'loss');
  // Both directions, each once and for all.
  expect(x.map(([, , , value]) => value)).toEqual([x[0]![3], x[0]![3]]);
  expect(results.map(([, , , value]) => value)).toEqual([results[0]![3], results[0]![3]]);
  const made = called(api, 'CreateTensorAsOrtValue').length;
  const before = api.calls.length;
  calls.length = 0;
  for (let i = 0; i < 4; i += 1) await backend.run({ x: float32([1, 2, 3]) }, {});
  expect(called(api, 'CreateTensorAsOrtValue')).toHaveLength(made);
  const inRuns = api.calls.slice(before);
  const copied = calls.map(([address, ...parameters]) => [address, ...parameters.slice(2)]);
  const there = [CUDART.cudaMemcpy, 12n, BY_ADDRESS];
  const back = [CUDART.cudaMemcpy, 4n, BY_ADDRESS];
  const done = [CUDART.cudaDeviceSynchronize];
  expect(copied).toEqual(Array(4).fill([there, done, back, done]).flat());
  expect(inRuns.filter(([, , name]) => name === 'x' || name === 'loss')).toEqual([]);
});

test('a step goes from one set of the state into the other, and back', async () => {
  const { api, backend } = await backendOf({ shape: [3] }, true);
  for (let i = 0; i < 3; i += 1) await backend.run({ x: float32([1, 2, 3]) }, {});
  const bindings = called(api, 'RunWithBinding').map(([, , , binding]) => binding);
  expect(bindings).toEqual([bindings[0], bindings[1], bindings[0]]);
  expect(bindings[0]).not.toBe(bindings[1]);
  const value = (binding: unknown, call: string, port: string) =>
    called(api, call).find(([, of, name]) => of === binding && name === port)![3];
  const [there, back] = bindings;
  expect(value(there, 'BindOutput', 'w_next')).toBe(value(back, 'BindInput', 'w'));
  expect(value(back, 'BindOutput', 'w_next')).toBe(value(there, 'BindInput', 'w'));
});

describe('a session that cannot be captured', () => {
  const REFUSAL =
    'This session cannot use the graph capture feature as requested by the user as the model has control flow nodes';
  const thread = fakeApi().startThread();

  /** onnxruntime takes the model, but not with graphs. */
  function refusing(why: string): FakeApi {
    const api = fakeApi();
    let graphs = false;
    return {
      ...api,
      call(name, ...parameters) {
        api.call(name, ...parameters);
        const values = parameters[2] as readonly string[];
        if (name === 'UpdateCUDAProviderOptions') graphs = values[2] === '1';
      },
      async callOn(...of) {
        await api.callOn(...of);
        if (graphs) throw new Error(why);
      },
    };
  }

  const open = (api: FakeApi, graphs: true | 'where possible') => {
    const options = { device: 'cuda', threads: 0, cuda: { tf32: true, graphs } } as const;
    return createSession(createScope(api), thread, 1n, new Uint8Array(4), options);
  };

  test('does without graphs, with all other options, where they were wanted if possible', async () => {
    const api = refusing(REFUSAL);
    expect(await open(api, 'where possible')).toMatchObject({ graphs: false });
    const values = called(api, 'UpdateCUDAProviderOptions').map(([, , , of]) => of);
    expect(values).toEqual([
      ['0', '1', '1', 'EXHAUSTIVE'],
      ['0', '1', '0', 'EXHAUSTIVE'],
    ]);
    expect(api.live).toMatchObject({ SessionOptions: 0, CUDAProviderOptions: 0 });
  });

  test('fails where graphs were asked for, and for whatever else is wrong', async () => {
    await expect(open(refusing(REFUSAL), true)).rejects.toThrow('graph capture');
    await expect(open(refusing('out of memory'), 'where possible')).rejects.toThrow('memory');
  });

  test('is asked for in vain of a device that has none', async () => {
    expect(await open(fakeApi(), 'where possible')).toMatchObject({ graphs: true });
    const options = { device: 'cpu', threads: 0, cuda: { graphs: true } } as const;
    const opening = createSession(createScope(fakeApi()), thread, 1n, new Uint8Array(4), options);
    expect(await opening).toMatchObject({ graphs: false });
  });
});

test('graphs need known sizes', async () => {
  await expect(backendOf({ shape: ['N'] }, true)).rejects.toThrow(
    '"x" has the shape [N]: CUDA graphs need known sizes',
  );
  await backendOf({ shape: ['N'] }, false);
});

test('state is zeros at first, and is copied between the addresses of its tensors', async () => {
  const { api, calls, backend } = await backendOf({ shape: [3] }, false);
  const BYTES = 8n;
  const done = [CUDART.cudaDeviceSynchronize];
  const copies = () =>
    calls.map(([address, , , ...rest]) => (rest.length ? [address, ...rest] : [address]));
  const copy = [CUDART.cudaMemcpy, BYTES, BY_ADDRESS];
  expect(copies()).toEqual([copy, done]);
  calls.length = 0;
  await backend.write({ w: float32([1, 2]) });
  await backend.read([{ name: 'w', dtype: 'float32', shape: [2], next: 'w_next' }]);
  expect(copies()).toEqual([copy, done, copy, done]);
  // Of each copy, where it goes and where it comes from. What is written to is what is read.
  const values = called(api, 'GetTensorMutableData').map(([, value]) => value);
  expect(values[2]).toBe(values[0]);
  expect(values[5]).toBe(values[2]);
  expect(new Set([values[2], values[3], values[4]])).toHaveProperty('size', 3);
  expect(called(api, 'CopyTensors')).toEqual([]);
});

test('what CUDA says of a copy that fails is said; an int has 32 bits', async () => {
  await expect(backendOf({ shape: [3] }, false, 700n)).rejects.toThrow(
    'CUDA cannot copy a tensor: an illegal memory access was encountered',
  );
  await backendOf({ shape: [3] }, false, 0xdead_0000_0000n);
});

describe('CUDA’s runtime', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ganport-cudart-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const provider = (bytes: Uint8Array) => {
    const path = join(folder, 'libonnxruntime_providers_cuda.so');
    writeFileSync(path, bytes);
    return path;
  };

  test('is the one that the provider is linked against', () => {
    provider(fakeLibrary({ needed: ['libcublas.so.98', 'libcudart.so.99'] }));
    expect(() => loadCudart(folder)).toThrow(RuntimeError);
    expect(() => loadCudart(folder)).toThrow(
      /^cannot load libcudart\.so\.99, which copies tensors: .*$/,
    );
  });

  test.each([
    ['not linked', fakeLibrary({ needed: ['libcublas.so.12'] })],
    ['no library', Buffer.from('a page that says 404')],
  ])('is missed in a provider that is %s', (_, bytes) => {
    const path = provider(bytes);
    expect(() => loadCudart(folder)).toThrow(
      `${path} is not linked against libcudart, which copies tensors`,
    );
  });
});
