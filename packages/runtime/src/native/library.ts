/** The libonnxruntime that onnxruntime-node brings along, called through koffi. */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { firstLine } from '@ganport/onnx';
import { providerFolder } from '../cuda.ts';
import { libraryProblem } from '../elf.ts';
import { RuntimeError } from '../error.ts';
import { API_VERSION, createApi, type OrtApi } from './api.ts';

const FILES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

/** That koffi is not there, or has no binary for this system: onnxruntime-node serves in its place. */
export class KoffiError extends RuntimeError {}

/** The library's path. @throws RuntimeError on a system for which there is none */
function libraryPath(): string {
  const file = FILES[process.platform];
  if (file) return join(providerFolder(), file);
  throw new RuntimeError(`there is no libonnxruntime for ${process.platform}`);
}

/**
 * Loads koffi. It looks for a binary of this system, which is a package of its own and may be left out.
 * @returns also the path of its main file, from which threads load it again
 * @throws KoffiError in one line
 */
export function loadKoffi(): { koffi: typeof import('koffi'); path: string } {
  const require = createRequire(import.meta.url);
  try {
    const path = require.resolve('koffi');
    return { koffi: require(path), path };
  } catch (error) {
    throw new KoffiError(`koffi, which calls libonnxruntime, does not load: ${firstLine(error)}`);
  }
}

/**
 * Loads the library, or finds it loaded.
 * @throws KoffiError without koffi
 * @throws RuntimeError in one line if the library is missing, damaged, of another machine or too old
 */
export function loadOrt(path?: string): OrtApi {
  const { koffi, path: koffiPath } = loadKoffi();
  const file = path ?? libraryPath();
  const problem = statSync(file, { throwIfNoEntry: false })
    ? process.platform === 'linux' && libraryProblem(file)
    : 'it does not exist';
  if (problem) throw new RuntimeError(`cannot load ${file}: ${problem}: ${REMEDY}`);
  const { GetApi, version } = openBase(koffi, file);
  const [major, minor] = version.split('.').map(Number);
  const api = major === 1 && minor! >= API_VERSION ? GetApi(API_VERSION) : null;
  if (!api) {
    throw new RuntimeError(
      `${file} is onnxruntime ${version}: expected 1.${API_VERSION} or later of 1: ${REMEDY}`,
    );
  }
  return createApi({ koffi, koffiPath, api, version });
}

const REMEDY = 'install the dependencies again: `pnpm install --force`';

/** OrtApiBase: the version, and the table of functions for a version. */
function openBase(
  koffi: typeof import('koffi'),
  file: string,
): { GetApi: (version: number) => bigint | null; version: string } {
  try {
    const base: bigint = koffi.load(file).func('void *OrtGetApiBase()')();
    pin(koffi, file);
    const at = (position: number, result: string, parameters: string[]) => {
      const pointer = koffi.decode(base, position * 8, 'void *');
      return koffi.decode(pointer, koffi.proto(result, parameters));
    };
    const version: string = at(1, 'str', [])();
    return { GetApi: at(0, 'void *', ['uint32']), version };
  } catch (error) {
    throw new RuntimeError(`cannot load ${file}: ${firstLine(error)}: ${REMEDY}`);
  }
}

/**
 * Loads the library once more, for good. koffi unloads what it loaded when that is garbage, or when its
 * thread is ended: but then sessions may be open, and their threads run in the library.
 */
function pin(koffi: typeof import('koffi'), file: string): void {
  if (process.platform === 'win32') {
    koffi.load('kernel32.dll').func('void *LoadLibraryW(str16 path)')(file);
  } else {
    koffi.load(null).func('void *dlopen(str path, int mode)')(file, constants.dlopen.RTLD_NOW);
  }
}
