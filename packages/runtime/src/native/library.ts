/** The libonnxruntime that onnxruntime-node brings along, called through koffi. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { firstLine } from '@ganport/onnx';
import { providerFolder } from '../cuda.ts';
import { libraryProblem } from '../elf.ts';
import { RuntimeError } from '../error.ts';
import { API_VERSION, createApi, type FunctionTable, type OrtApi, readTable } from './api.ts';

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
    expectWholeBinary(path);
    return { koffi: require(path), path };
  } catch (error) {
    throw new KoffiError(`koffi, which calls libonnxruntime, does not load: ${firstLine(error)}`);
  }
}

/** @throws Error where koffi's binary was cut off: to load it would end the process, see elf.ts */
function expectWholeBinary(koffi: string): void {
  const { platform, arch } = process;
  if (platform !== 'linux') return;
  // Where koffi looks for it: a package of its own beside it.
  const name = `@koromix/koffi-${platform}-${arch}`;
  const paths = createRequire(koffi).resolve.paths(name) ?? [];
  const kinds = [`linux_${arch}`, `musl_${arch}`];
  for (const path of paths.flatMap((at) =>
    kinds.map((kind) => join(at, name, kind, 'koffi.node')),
  )) {
    if (!existsSync(path)) continue;
    const problem = libraryProblem(path);
    if (problem) throw new Error(`${path}: ${problem}: ${REINSTALL}`);
  }
}

/**
 * Functions by their library's path. A library stays loaded to the end of the process, and what koffi makes
 * for each of its functions cannot be taken back: made anew for each program, it was 0.2 MB of each.
 */
const tables = new Map<string, FunctionTable>();

/**
 * Loads the library, or finds it loaded.
 * @throws KoffiError without koffi
 * @throws RuntimeError in one line if the library is missing, damaged, of another machine or too old
 */
export function loadOrt(path?: string): OrtApi {
  const koffi = loadKoffi();
  const file = path ?? libraryPath();
  const table = tables.get(file) ?? loadTable(koffi, file);
  tables.set(file, table);
  return createApi(table);
}

function loadTable(
  { koffi, path: koffiPath }: ReturnType<typeof loadKoffi>,
  file: string,
): FunctionTable {
  const problem =
    process.platform === 'linux' ? libraryProblem(file) : !existsSync(file) && 'it does not exist';
  if (problem) throw new RuntimeError(`cannot load ${file}: ${problem}: ${REINSTALL}`);
  const { GetApi, version } = openBase(koffi, file);
  const [major, minor] = version.split('.').map(Number);
  const api = major === 1 && minor! >= API_VERSION ? GetApi(API_VERSION) : null;
  if (!api) {
    throw new RuntimeError(
      `${file} is onnxruntime ${version}: expected 1.${API_VERSION} or later of 1: ${REINSTALL}`,
    );
  }
  return readTable({ koffi, koffiPath, api, version });
}

/** Ends what is said of a library that cannot be used. */
export const REINSTALL = 'install the dependencies again: `pnpm install --force`';

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
    throw new RuntimeError(`cannot load ${file}: ${firstLine(error)}: ${REINSTALL}`);
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
