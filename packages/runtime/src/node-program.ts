/** `Program` over onnxruntime-node. */
import type { Tensor } from '@ganport/onnx';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { type Backend, createProgram } from './create-program.ts';
import { expectCudaFiles } from './cuda.ts';
import { withDevice } from './device-error.ts';
import { openError } from './error.ts';
import { type Device, expectOptions } from './open-options.ts';
import type { OrtRuntime } from './ort.ts';
import { bindSession, fromOrt, toOrt } from './ort-session.ts';
import { type Bindings, bytesOf, copyTensor, type Tensors, zeros } from './ports.ts';
import type { Program, ProgramOptions } from './program.ts';
import { createTurns } from './turns.ts';

export interface NodeOptions extends ProgramOptions {
  device: Device;
  /** Threads within an operator; 0 lets onnxruntime choose. */
  threads?: number;
  /** Where to write a profile of all runs, when the program is closed: a path's beginning (placement.ts). */
  profilePrefix?: string;
}

/**
 * Opens a model in onnxruntime-node. A run holds the event loop until it ends, cannot be cut short, and
 * takes the state to the device and back.
 * @param reason why it is not called natively, for its description
 * @throws DeviceError that names the device and what would help, if that does not work
 * @throws RuntimeError in one line if the model does not work
 */
export async function openNode(
  model: Uint8Array,
  options: NodeOptions,
  reason?: string,
): Promise<Program> {
  expectOptions(options);
  const { device, threads = 0, profilePrefix, state } = options;
  // Loaded only when it is wanted: it brings tens of megabytes of native code.
  const ort = await import('onnxruntime-node').catch((error: unknown) => {
    throw openError(error);
  });
  const session = await createSession(ort, model, { device, threads, profilePrefix });
  try {
    const bindings = bindSession(session, state);
    const place = device === 'cpu' ? `the CPU, threads: ${threads}` : device;
    const why = reason === undefined ? '' : ` (${reason})`;
    const description = `onnxruntime-node ${ort.env.versions.node} on ${place}${why}`;
    const backend = createBackend(ort, session, bindings, description);
    const close = async () => {
      if (profilePrefix !== undefined) session.endProfiling();
      await session.release();
    };
    return createProgram({ ...backend, close }, bindings, createTurns());
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function createSession(
  ort: OrtRuntime,
  model: Uint8Array,
  {
    device,
    threads,
    profilePrefix,
  }: { device: Device; threads: number; profilePrefix?: string | undefined },
): Promise<InferenceSession> {
  const profiling =
    profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix };
  try {
    if (device === 'cuda') expectCudaFiles();
    return await ort.InferenceSession.create(model, {
      ...profiling,
      executionProviders: [device],
      intraOpNumThreads: threads,
      graphOptimizationLevel: 'all',
      // One block for all that a run needs, planned beforehand, is no faster and takes up to 1.7 times the memory.
      enableMemPattern: false,
      // What goes wrong is thrown; below 4, onnxruntime prints it as well.
      logSeverityLevel: 4,
      // Adam's moments decay into denormals, which processors handle many times slower.
      extra: { session: { set_denormal_as_zero: '1' } },
    });
  } catch (error) {
    throw withDevice(openError(error), device);
  }
}

/** Keeps two sets of state tensors, and runs the session from one into the other. */
function createBackend(
  ort: OrtRuntime,
  session: InferenceSession,
  { state, results }: Bindings,
  description: string,
): Omit<Backend, 'close'> {
  const changing = state.filter(({ next }) => next !== null);
  const constants = state.filter(({ next }) => next === null);
  const allocate = (ports: typeof state): Map<string, OrtTensor> =>
    new Map(ports.map((port) => [port.name, toOrt(ort, zeros(port))]));
  const constant = allocate(constants);
  let [now, next] = [allocate(changing), allocate(changing)];
  const tensorOf = (name: string) => (now.get(name) ?? constant.get(name))!;
  const traffic = { toDevice: 0, fromDevice: 0 };
  const [changingBytes, constantBytes] = [changing, constants].map((ports) =>
    bytesOf(ports.map(zeros)),
  );
  return {
    description,
    traffic,
    async write(tensors) {
      for (const [name, { data }] of Object.entries(tensors)) {
        (tensorOf(name).data as Tensor['data']).set(data as never);
      }
    },
    async run(feeds, { signal }) {
      const fetches = {
        ...Object.fromEntries(changing.map((port) => [port.next!, next.get(port.name)!])),
        ...Object.fromEntries(results.map(({ name }) => [name, null])),
      };
      const inputs = Object.entries(feeds).map(
        ([name, tensor]) => [name, toOrt(ort, tensor)] as const,
      );
      const all = Object.fromEntries([...constant, ...now, ...inputs]);
      const outputs = await session.run(all, fetches);
      const returned = Object.fromEntries(
        results.map(({ name }) => [name, fromOrt(outputs[name]! as OrtTensor)]),
      );
      traffic.toDevice += bytesOf(Object.values(feeds)) + changingBytes! + constantBytes!;
      traffic.fromDevice += bytesOf(Object.values(returned)) + changingBytes!;
      signal?.throwIfAborted();
      [now, next] = [next, now];
      return returned;
    },
    async read(ports) {
      return Object.fromEntries(
        ports.map(({ name }): [string, Tensors[string]] => [
          name,
          copyTensor(fromOrt(tensorOf(name))),
        ]),
      );
    },
  };
}
