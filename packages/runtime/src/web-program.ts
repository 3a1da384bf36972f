/** `Program` over onnxruntime-web, in a page or anywhere else. */
import type { Tensor } from '@ganport/onnx';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { type Backend, createProgram } from './create-program.ts';
import { openError } from './error.ts';
import { turnsOf, type WebRuntime } from './ort.ts';
import { bindSession, fromOrt, toOrt } from './ort-session.ts';
import { type Bindings, bytesOf, zeros } from './ports.ts';
import type { Program, ProgramOptions } from './program.ts';
import { inMemory, onGpu, type StatePlace } from './web-state.ts';

export interface WebOptions extends ProgramOptions {
  device: 'wasm' | 'webgpu';
}

/**
 * Opens a model in onnxruntime-web. A run cannot be cut short, and on WebAssembly it holds the thread until
 * it ends. State stays in GPU buffers on WebGPU; on WebAssembly each run copies it in and out.
 * @param model kept until the program is closed, and not to be changed until then
 * @param ort the build of onnxruntime-web that has the device: `/wasm`, `/webgpu` or `/jspi`
 * @throws RuntimeError in one line if the model or the device does not work
 */
export function openWeb(
  ort: WebRuntime,
  model: Uint8Array,
  { device, state = {} }: WebOptions,
): Promise<Program> {
  const inTurn = turnsOf(ort);
  return inTurn(async () => {
    const create = () => createSession(ort, model, { device, state });
    const session = await create();
    try {
      const bindings = bindSession(session, state);
      const place = device === 'webgpu' ? await onGpu(ort) : inMemory(ort);
      const { numThreads: threads = 1 } = ort.env.wasm;
      const by = device === 'wasm' && threads > 1 ? `, threads: ${threads}` : '';
      const description = `onnxruntime-web ${ort.env.versions.web} on ${NAMES[device]}${by}`;
      const backend = createBackend({ ort, session, create, bindings, place, description });
      return createProgram(backend, bindings, inTurn);
    } catch (error) {
      await session.release();
      throw openError(error);
    }
  });
}

/** What goes wrong is thrown; below 4, onnxruntime prints it as well. */
const SILENT = 4;

const NAMES = { wasm: 'WebAssembly', webgpu: 'WebGPU' };

async function createSession(
  ort: WebRuntime,
  model: Uint8Array,
  { device, state }: Required<WebOptions>,
): Promise<InferenceSession> {
  const kept = Object.values(state).filter((next) => next !== null);
  const onDevice = Object.fromEntries(kept.map((next) => [next, 'gpu-buffer' as const]));
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      logSeverityLevel: SILENT,
      ...(device === 'webgpu' ? { preferredOutputLocation: onDevice } : {}),
    });
  } catch (error) {
    throw openError(error);
  }
}

interface BackendOptions {
  ort: WebRuntime;
  session: InferenceSession;
  /** Makes another such session. */
  create: () => Promise<InferenceSession>;
  bindings: Bindings;
  place: StatePlace;
  description: string;
}

function createBackend({ ort, create, bindings, place, ...options }: BackendOptions): Backend {
  const { state, results } = bindings;
  const traffic = { toDevice: 0, fromDevice: 0 };
  const kept = new Map(state.map((port) => [port.name, place.put(zeros(port))]));
  const replace = (name: string, tensor: OrtTensor) => {
    kept.get(name)!.dispose();
    kept.set(name, tensor);
  };
  const changing = state.filter(({ next }) => next !== null);
  // What a run takes to the device and back beside its feeds and results.
  const [taken, brought] = [state, changing].map((ports) =>
    place.stays ? 0 : bytesOf(ports.map(zeros)),
  );
  let { session } = options;
  let failed = false;
  /**
   * Where state stays, onnxruntime-web 1.30 gives the inputs of a run that failed to all later runs of its
   * session.
   */
  const replaceFailed = async () => {
    if (!failed || !place.stays) return;
    for (const [name, tensor] of [...kept]) replace(name, place.put(await place.get(tensor)));
    const fresh = await create();
    await session.release();
    session = fresh;
    failed = false;
  };
  return {
    description: options.description,
    traffic,
    async write(tensors) {
      for (const [name, tensor] of Object.entries(tensors)) replace(name, place.put(tensor));
      if (place.stays) traffic.toDevice += bytesOf(Object.values(tensors));
    },
    async run(feeds, { signal }) {
      await replaceFailed();
      const inputs = Object.entries(feeds).map(
        ([name, tensor]) => [name, toOrt(ort, tensor)] as const,
      );
      failed = true;
      // On WebAssembly only what is returned was written: outputs passed in stay as they are, silently.
      const outputs = (await session.run(Object.fromEntries([...kept, ...inputs]), {
        logSeverityLevel: SILENT,
      })) as Readonly<Record<string, OrtTensor>>;
      failed = false;
      const returned = Object.fromEntries(
        results.map(({ name }): [string, Tensor] => [name, fromOrt(outputs[name]!)]),
      );
      traffic.toDevice += bytesOf(Object.values(feeds)) + taken!;
      traffic.fromDevice += bytesOf(Object.values(returned)) + brought!;
      if (signal?.aborted) {
        for (const { next } of changing) outputs[next!]!.dispose();
        throw signal.reason;
      }
      for (const { name, next } of changing) replace(name, outputs[next!]!);
      return returned;
    },
    async read(ports) {
      const tensors = await Promise.all(ports.map(({ name }) => place.get(kept.get(name)!)));
      if (place.stays) traffic.fromDevice += bytesOf(tensors);
      return Object.fromEntries(ports.map(({ name }, i) => [name, tensors[i]!]));
    },
    async close() {
      for (const tensor of kept.values()) tensor.dispose();
      await session.release();
    },
  };
}
