/**
 * OrtApi, onnxruntime's C interface: a table of functions that only grows at its end, called by their
 * positions in onnxruntime_c_api.h. Whatever is created through it is counted until it is released.
 */
import { runInThisContext } from 'node:vm';
import { firstLine } from '@ganport/onnx';
import { DENORMALS, floatMode } from './float-mode.ts';
import { startThread, type Thread } from './thread.ts';

/** The version of onnxruntime, 1.x, that has all the functions below. */
export const API_VERSION = 23;

/** Parameters: p pointer, s string, a array of strings, i int32, z size_t. */
const TYPES = { p: 'void *', s: 'str', a: 'const char **', i: 'int32', z: 'size_t' } as const;

/** Functions that return a status, with their positions and parameters; those that create end in an out pointer. */
const FUNCTIONS = {
  CreateEnv: [3, 'isp'],
  CreateSessionFromArray: [8, 'ppzpp'],
  CreateSessionOptions: [10, 'p'],
  EnableProfiling: [14, process.platform === 'win32' ? 'pp' : 'ps'],
  DisableMemPattern: [17, 'p'],
  SetSessionLogSeverityLevel: [22, 'pi'],
  SetSessionGraphOptimizationLevel: [23, 'pi'],
  SetIntraOpNumThreads: [24, 'pi'],
  SessionGetInputCount: [30, 'pp'],
  SessionGetOutputCount: [31, 'pp'],
  SessionGetInputTypeInfo: [33, 'pzp'],
  SessionGetOutputTypeInfo: [34, 'pzp'],
  SessionGetInputName: [36, 'pzpp'],
  SessionGetOutputName: [37, 'pzpp'],
  CreateRunOptions: [39, 'p'],
  RunOptionsSetTerminate: [46, 'p'],
  RunOptionsUnsetTerminate: [47, 'p'],
  CreateTensorAsOrtValue: [48, 'ppzip'],
  CreateTensorWithDataAsOrtValue: [49, 'ppzpzip'],
  GetTensorMutableData: [51, 'pp'],
  CastTypeInfoToTensorInfo: [55, 'pp'],
  GetTensorElementType: [60, 'pp'],
  GetDimensionsCount: [61, 'pp'],
  GetDimensions: [62, 'ppz'],
  GetSymbolicDimensions: [63, 'ppz'],
  GetTensorTypeAndShape: [65, 'pp'],
  CreateMemoryInfo: [68, 'siiip'],
  CreateCpuMemoryInfo: [69, 'iip'],
  AllocatorFree: [76, 'pp'],
  GetAllocatorWithDefaultOptions: [78, 'p'],
  SessionEndProfiling: [110, 'ppp'],
  AddSessionConfigEntry: [130, 'pss'],
  CreateAllocator: [131, 'ppp'],
  RunWithBinding: [133, 'ppp'],
  CreateIoBinding: [134, 'pp'],
  BindInput: [136, 'psp'],
  BindOutput: [137, 'psp'],
  BindOutputToDevice: [138, 'psp'],
  GetBoundOutputValues: [140, 'pppp'],
  AddRunConfigEntry: [165, 'pss'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'pp'],
  CreateCUDAProviderOptions: [205, 'p'],
  UpdateCUDAProviderOptions: [206, 'paaz'],
  SessionOptionsAppendExecutionProvider: [216, 'psaaz'],
  CopyTensors: [386, 'ppppz'],
} as const satisfies Record<string, readonly [position: number, parameters: string]>;

/** Kinds of handle, with the position of what releases each. */
const RELEASES = {
  Env: 92,
  MemoryInfo: 94,
  Session: 95,
  Value: 96,
  RunOptions: 97,
  TypeInfo: 98,
  TensorTypeAndShapeInfo: 99,
  SessionOptions: 100,
  Allocator: 132,
  IoBinding: 135,
  CUDAProviderOptions: 208,
} as const;

const [GET_ERROR_MESSAGE, RELEASE_STATUS] = [2, 93];

/** Position of the last function that is read. */
const LAST = Math.max(...Object.values(FUNCTIONS).map(([position]) => position));

export type FunctionName = keyof typeof FUNCTIONS;
export type HandleKind = keyof typeof RELEASES;
/** A pointer to what onnxruntime made. */
export type Handle = bigint;
export type Argument = bigint | number | string | readonly string[] | ArrayBufferView;

export interface OrtApi {
  /** onnxruntime's version. */
  readonly version: string;
  /** How many handles of each kind were created and not released. */
  readonly live: Readonly<Record<HandleKind, number>>;
  /** @throws Error with what onnxruntime says */
  call(name: FunctionName, ...parameters: readonly Argument[]): void;
  /** Calls a function whose last parameter is an out pointer that is no handle to be released. */
  get(name: FunctionName, ...parameters: readonly Argument[]): bigint;
  /** Calls a function that creates a handle. Whoever creates it releases it. */
  create(kind: HandleKind, name: FunctionName, ...parameters: readonly Argument[]): Handle;
  /** Counts a handle that came out of another function. */
  adopt(kind: HandleKind, handle: Handle): Handle;
  release(kind: HandleKind, handle: Handle): void;
  /** As `call`, on a thread of its own. Parameters are pointers and sizes, which stay what they are. */
  callOn(
    thread: Thread,
    name: FunctionName,
    ...parameters: readonly (bigint | ArrayBufferView)[]
  ): Promise<void>;
  /** As `call`, with denormals as zeros, which they are on such a thread. */
  callHere(name: FunctionName, ...parameters: readonly Argument[]): void;
  startThread(): Thread;
  /** What is in memory that onnxruntime owns: a string, or a copy of so many bytes. */
  stringAt(pointer: bigint): string;
  bytesAt(pointer: bigint, length: number): Uint8Array<ArrayBuffer>;
  /** Where bytes lie, which must not be moved: of a buffer that was made as one. */
  addressOf(bytes: ArrayBufferView): bigint;
}

/** The functions of a library that is loaded, which stays so. */
export interface FunctionTable {
  koffi: typeof import('koffi');
  koffiPath: string;
  version: string;
  addressOf(name: FunctionName): bigint;
  functions: Record<FunctionName, (...parameters: readonly unknown[]) => bigint | null>;
  releases: Record<HandleKind, (handle: Handle) => void>;
  getErrorMessage(status: bigint): string;
  releaseStatus(status: bigint): void;
  /** Of this thread: has its denormals be zeros, or numbers again. */
  denormals(zeros: boolean): void;
}

export interface TableOptions extends Pick<FunctionTable, 'koffi' | 'koffiPath' | 'version'> {
  /** OrtApi's address. */
  api: bigint;
}

export function readTable({ api, ...library }: TableOptions): FunctionTable {
  const { koffi } = library;
  // Once for all: each call into koffi is one during which a worker must not be ended.
  const bytes: Uint8Array = koffi.decode(api, 'uint8', 8 * (LAST + 1));
  const addresses = new BigUint64Array(bytes.buffer, bytes.byteOffset, LAST + 1);
  const prototypes = new Map<string, ReturnType<typeof koffi.proto>>();
  const functionAt = (position: number, result: string, parameters: string) => {
    const key = `${result}(${parameters})`;
    const types = () => [...parameters].map((letter) => TYPES[letter as keyof typeof TYPES]);
    const prototype = prototypes.get(key) ?? koffi.proto(result, types());
    prototypes.set(key, prototype);
    return koffi.decode(addresses[position]!, prototype);
  };
  const functions = Object.fromEntries(
    Object.entries(FUNCTIONS).map(([name, [position, parameters]]) => [
      name,
      functionAt(position, 'void *', parameters),
    ]),
  ) as FunctionTable['functions'];
  const releases = Object.fromEntries(
    Object.entries(RELEASES).map(([kind, position]) => [kind, functionAt(position, 'void', 'p')]),
  ) as FunctionTable['releases'];
  let denormals: FunctionTable['denormals'] | undefined;
  return {
    ...library,
    denormals(zeros) {
      denormals ??= runInThisContext(DENORMALS)(koffi, floatMode) as FunctionTable['denormals'];
      denormals(zeros);
    },
    addressOf: (name) => addresses[FUNCTIONS[name][0]]!,
    functions,
    releases,
    getErrorMessage: functionAt(GET_ERROR_MESSAGE, 'str', 'p'),
    releaseStatus: functionAt(RELEASE_STATUS, 'void', 'p'),
  };
}

export function createApi(table: FunctionTable): OrtApi {
  const { koffi, koffiPath, version, functions, releases } = table;
  const live = Object.fromEntries(Object.keys(RELEASES).map((kind) => [kind, 0])) as Record<
    HandleKind,
    number
  >;
  const expectOk = (status: bigint | null) => {
    if (!status) return;
    const message = table.getErrorMessage(status);
    table.releaseStatus(status);
    throw new Error(firstLine(message));
  };
  const call: OrtApi['call'] = (name, ...parameters) => {
    expectOk(functions[name](...parameters));
  };
  const get: OrtApi['get'] = (name, ...parameters) => {
    const out = new BigUint64Array(1);
    call(name, ...parameters, out);
    return out[0]!;
  };
  const adopt: OrtApi['adopt'] = (kind, handle) => {
    live[kind] += 1;
    return handle;
  };
  return {
    version,
    live,
    call,
    get,
    adopt,
    create: (kind, name, ...parameters) => adopt(kind, get(name, ...parameters)),
    release(kind, handle) {
      releases[kind](handle);
      live[kind] -= 1;
    },
    async callOn(thread, name, ...parameters) {
      const words = parameters.map((one) => (typeof one === 'bigint' ? one : koffi.address(one)));
      expectOk(await thread.call(table.addressOf(name), words, parameters));
    },
    callHere(name, ...parameters) {
      table.denormals(true);
      try {
        call(name, ...parameters);
      } finally {
        table.denormals(false);
      }
    },
    startThread: () => startThread(koffiPath),
    stringAt: (pointer) => koffi.decode(pointer, 'char', -1),
    bytesAt: (pointer, length) => koffi.decode(pointer, 'uint8', length),
    addressOf: (bytes) => koffi.address(bytes),
  };
}
