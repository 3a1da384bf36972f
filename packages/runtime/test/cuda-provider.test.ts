/** Which CUDA a provider is for, told by files that the test writes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cudaProvider, explainProvider } from '../src/cuda-provider.ts';
import { fakeLibrary } from './fake-library.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-provider-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const FILE = 'libonnxruntime_providers_cuda.so';

function provider(needed: readonly string[]): string {
  const path = join(folder, FILE);
  writeFileSync(path, fakeLibrary({ needed }));
  return path;
}

/** As the builds are linked: those for CUDA 12, and PyPI's onnxruntime-gpu 1.30.0; without the driver. */
const NEEDED = {
  12: [
    'libcublasLt.so.12',
    'libcublas.so.12',
    'libcurand.so.10',
    'libcufft.so.11',
    'libcudart.so.12',
    'libcudnn.so.9',
    'libc.so.6',
  ],
  13: ['libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10', 'libcudart.so.13', 'libc.so.6'],
} as const;

const finding =
  (...libraries: readonly string[]) =>
  (name: string) =>
    libraries.includes(name);

const builds = [12, 13] as const;

test.each(builds)('a provider for CUDA %i where all is there', (cuda) => {
  const path = provider(NEEDED[cuda]);
  expect(cudaProvider(folder, finding(...NEEDED[cuda]))).toEqual({
    path,
    cuda,
    installed: undefined,
    missing: [],
  });
});

test.each([
  [12, 13],
  [13, 12],
] as const)('a provider for CUDA %i beside CUDA %i', (cuda, other) => {
  provider(NEEDED[cuda]);
  expect(cudaProvider(folder, finding(...NEEDED[other]))).toMatchObject({
    cuda,
    installed: other,
    missing: NEEDED[cuda].filter((name) => !(NEEDED[other] as readonly string[]).includes(name)),
  });
});

test('what lies beside the provider is found', () => {
  provider(['libcudart.so.13', 'libcudnn.so.9']);
  writeFileSync(join(folder, 'libcudnn.so.9'), '');
  expect(cudaProvider(folder, finding())?.missing).toEqual(['libcudart.so.13']);
});

test.runIf(process.platform === 'linux')('the system’s own loader is asked', () => {
  provider(['libc.so.6', 'libcudart.so.99', 'libcudnn.so.99']);
  const missing = ['libcudart.so.99', 'libcudnn.so.99'];
  expect(cudaProvider(folder)).toMatchObject({ cuda: 99, missing });
});

test('a file that is no library tells nothing', () => {
  writeFileSync(join(folder, FILE), 'a page that says 404');
  expect(cudaProvider(folder, finding())).toBeUndefined();
});

describe('what is said', () => {
  const explain = (needed: readonly string[], ...found: readonly string[]) => {
    const path = provider(needed);
    const { why, remedy } = explainProvider(cudaProvider(folder, finding(...found))!);
    return { why, remedy: remedy.replaceAll(path, FILE) };
  };

  test('of a provider for CUDA 13 beside CUDA 12', () => {
    expect(explain(NEEDED[13], ...NEEDED[12])).toEqual({
      why: 'its provider is for CUDA 13 and lacks libcublasLt.so.13, libcublas.so.13, libcudart.so.13; CUDA 12 is there',
      remedy: `CUDA 13, found by LD_LIBRARY_PATH or the system; or, for CUDA 12, NuGet's provider: remove ${FILE}, then \`ganport doctor --install cuda\``,
    });
  });

  test('of a provider for CUDA 12 without anything', () => {
    expect(explain(NEEDED[12], 'libc.so.6')).toEqual({
      why: 'its provider is for CUDA 12 and lacks libcublasLt.so.12, libcublas.so.12, libcurand.so.10, libcufft.so.11, libcudart.so.12, libcudnn.so.9',
      remedy: `CUDA 12 and cuDNN 9, found by LD_LIBRARY_PATH or the system; or, for CUDA 13, the provider of PyPI's onnxruntime-gpu in place of ${FILE}`,
    });
  });

  test('of a provider that is not linked against the cuDNN it needs', () => {
    expect(explain(NEEDED[13], 'libc.so.6', 'libcurand.so.10')).toMatchObject({
      why: 'its provider is for CUDA 13 and lacks libcublasLt.so.13, libcublas.so.13, libcudart.so.13, libcudnn.so.9',
      remedy: expect.stringMatching(/^CUDA 13 and cuDNN 9, /),
    });
  });

  test('of cuDNN alone', () => {
    expect(explain(NEEDED[12], ...NEEDED[12].filter((name) => name !== 'libcudnn.so.9'))).toEqual({
      why: 'its provider is for CUDA 12 and lacks libcudnn.so.9',
      remedy: 'cuDNN 9, found by LD_LIBRARY_PATH or the system',
    });
  });

  test('of the driver, and of what nobody knows', () => {
    expect(explain(['libcuda.so.1', 'libnew.so.1'])).toEqual({
      why: 'its provider lacks libcuda.so.1, libnew.so.1',
      remedy:
        'an NVIDIA driver, which brings libcuda.so.1, and libnew.so.1, found by LD_LIBRARY_PATH or the system',
    });
  });
});
