/**
 * Which CUDA onnxruntime's CUDA provider was built for, and what of it is not there. Builds differ: NuGet's,
 * which npm's installer takes, is for CUDA 12; the one inside PyPI's onnxruntime-gpu is for CUDA 13.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { firstLine } from '@ganport/onnx';
import { CUDA_FILES, providerFolder } from './cuda.ts';
import { neededLibraries } from './elf.ts';

export interface CudaProvider {
  /** The provider's file. */
  path: string;
  /** CUDA's major version that it was built for; undefined where its file does not tell. */
  cuda: number | undefined;
  /** The other of the known versions, where that is installed. */
  installed: number | undefined;
  /** Libraries it is linked against that the system does not find, and cuDNN with them. */
  missing: string[];
}

/** Versions that onnxruntime 1.30 has providers for. */
const VERSIONS = [12, 13];

/** onnxruntime 1.30's for CUDA 13 is not linked against it, but loads it at the first convolution. */
const CUDNN = 'libcudnn.so.9';

/** Libraries whose version is CUDA's own. Those of cuFFT and cuRAND count for themselves. */
const VERSIONED = /^lib(?:cudart|cublas|cublasLt|nvrtc)\.so\.(\d+)/;

/**
 * Reads the provider's file.
 * @param folder where the provider is
 * @param finds whether the system's loader finds a library
 * @returns undefined for a file that does not tell what it needs
 */
export function cudaProvider(
  folder: string = providerFolder(),
  finds: (library: string) => boolean = loaderFinds,
): CudaProvider | undefined {
  const path = join(folder, CUDA_FILES[1]);
  const needed = neededLibraries(path);
  if (!needed) return undefined;
  const version = needed.map((library) => VERSIONED.exec(library)?.[1]).find(Boolean);
  const cuda = version === undefined ? undefined : Number(version);
  const lacks = (name: string) => !existsSync(join(folder, name)) && !finds(name);
  const missing = needed.filter(lacks);
  const linksCudnn = needed.some((name) => name.startsWith('libcudnn'));
  if (cuda && missing.length > 0 && !linksCudnn && lacks(CUDNN)) missing.push(CUDNN);
  const installed = VERSIONS.find((other) => other !== cuda && finds(`libcublasLt.so.${other}`));
  return { path, cuda, installed, missing };
}

/** It also loads it, as nothing else tells: the folders are in the environment, in a cache and in libraries. */
function loaderFinds(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library);
  } catch (error) {
    return !firstLine(error).startsWith(`${library}: cannot open shared object file`);
  }
  return true;
}

/** Why a provider that lacks libraries does not load, and what would help. */
export function explainProvider({ path, cuda, installed, missing }: CudaProvider): {
  why: string;
  remedy: string;
} {
  const built = cuda === undefined ? '' : ` is for CUDA ${cuda} and`;
  const has = installed === undefined ? '' : `; CUDA ${installed} is there`;
  return {
    why: `its provider${built} lacks ${missing.join(', ')}${has}`,
    remedy: `${parts(missing, cuda).join(' and ')}${otherBuild(path, cuda, missing)}`,
  };
}

/** What the missing libraries are parts of. */
function parts(missing: readonly string[], cuda: number | undefined): string[] {
  const cudnn = missing.map((name) => /^libcudnn\w*\.so\.(\d+)/.exec(name)?.[1]).find(Boolean);
  const ofCuda = missing.some((name) => OF_CUDA.test(name));
  const driver = missing.some((name) => name.startsWith('libcuda.so'));
  const others = missing.filter((name) => !KNOWN.test(name));
  const toolkit = [
    ...(ofCuda ? [`CUDA ${cuda ?? ''}`.trim()] : []),
    ...(cudnn ? [`cuDNN ${cudnn}`] : []),
    ...others,
  ];
  return [
    ...(driver ? ['an NVIDIA driver, which brings libcuda.so.1,'] : []),
    ...(toolkit.length > 0
      ? [`${toolkit.join(' and ')}, found by LD_LIBRARY_PATH or the system`]
      : []),
  ];
}

const OF_CUDA = /^lib(?:cudart|cublas|cublasLt|nvrtc|cufft|curand|nvJitLink)\.so/;
const KNOWN = new RegExp(`${OF_CUDA.source}|^libcuda\\.so|^libcudnn`);

/** Where there is a provider for the other version. */
function otherBuild(path: string, cuda: number | undefined, missing: readonly string[]): string {
  if (!missing.some((name) => VERSIONED.test(name))) return '';
  if (cuda === 13) {
    return `; or, for CUDA 12, NuGet's provider: remove ${path}, then \`ganport doctor --install cuda\``;
  }
  if (cuda === 12) {
    return `; or, for CUDA 13, the provider of PyPI's onnxruntime-gpu in place of ${path}`;
  }
  return '';
}
