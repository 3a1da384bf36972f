/** The files of onnxruntime's CUDA provider, which are too large for the npm package. */
import { lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { firstLine } from '@ganport/onnx';
import { libraryProblem } from './elf.ts';

/** Files that onnxruntime-node needs beside its binding to run on CUDA. */
export const CUDA_FILES = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** The folder of onnxruntime-node's binding, where its providers are looked for. */
export function providerFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(main), '../bin/napi-v6', process.platform, process.arch);
}

/**
 * What is wrong with the provider's files in a folder; undefined where they are whole.
 * `listSupportedBackends()` cannot tell: its `bundled` is about what the npm package holds, and
 * stays false once CUDA has been added.
 */
export function cudaProblem(folder: string = providerFolder()): string | undefined {
  const missing = CUDA_FILES.filter((file) => !isThere(join(folder, file)));
  if (missing.length === CUDA_FILES.length) return 'its provider is not installed';
  if (missing.length > 0) return `its provider is only half installed: ${missing} is missing`;
  for (const file of CUDA_FILES) {
    const problem = libraryProblem(join(folder, file));
    if (problem) return `its provider is damaged: ${file}: ${problem}`;
  }
  return undefined;
}

/** Also one that a link loop or a permission keeps from being read: `libraryProblem` says which. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

export function cudaIsInstalled(): boolean {
  return cudaProblem() === undefined;
}

/**
 * Called before a session is created on CUDA: onnxruntime would print what is thrown here, or crash.
 * @throws Error if the provider's files are not all there, or not whole
 */
export function expectCudaFiles(): void {
  const problem = cudaProblem();
  if (problem) throw new Error(problem);
}

/**
 * Why the system does not load the provider, such as "libcublasLt.so.12: cannot open shared object
 * file". onnxruntime throws only that it failed, and prints the reason.
 */
export function cudaLoadError(): string | undefined {
  for (const file of CUDA_FILES) {
    const path = join(providerFolder(), file);
    try {
      process.dlopen({ exports: {} }, path);
    } catch (error) {
      const line = firstLine(error);
      // It is loaded, and found to be no module of Node's.
      if (!line.includes('did not self-register')) return line.replaceAll(path, file);
    }
  }
  return undefined;
}
