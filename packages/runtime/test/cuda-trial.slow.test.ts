/** Providers that a C compiler makes: one that loads, and those that end their process. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CUDA_FILES } from '../src/cuda.ts';
import { expectCudaLoads } from '../src/cuda-trial.ts';
import { compiler } from './compiler.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-trial-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param code what runs when the provider is loaded */
function provider(code: string): void {
  const source = join(folder, 'provider.c');
  for (const [i, file] of CUDA_FILES.entries()) {
    const body = i === 0 ? '' : code;
    writeFileSync(
      source,
      `#include <stdlib.h>\n__attribute__((constructor)) static void on_load(void) { ${body} }`,
    );
    execFileSync(compiler!, ['-shared', '-fPIC', '-o', join(folder, file), source]);
  }
}

test('without a provider nothing is done', async () => {
  await expect(expectCudaLoads(folder)).resolves.toBeUndefined();
});

describe.skipIf(process.platform !== 'linux' || !compiler)('a provider', () => {
  test('that loads is no matter', async () => {
    provider('');
    await expect(expectCudaLoads(folder)).resolves.toBeUndefined();
  });

  test.each([
    ['aborts', 'abort();', 'SIGABRT'],
    ['exits', '_Exit(3);', 'an exit'],
  ])('that %s is refused with its folder', async (_, code, how) => {
    provider(code);
    await expect(expectCudaLoads(folder)).rejects.toThrow(
      `onnxruntime does not run on cuda: its provider ends the process that loads it (${how}); it needs \`ganport doctor --install cuda\`, once the files in its folder are removed: ${folder}`,
    );
  });
});
