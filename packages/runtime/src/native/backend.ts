/** A session's runs, from one set of the state into the other. */
import type { Backend } from '../create-program.ts';
import { type Bindings, bytesOf } from '../ports.ts';
import type { Handle } from './api.ts';
import { atExit } from './at-exit.ts';
import { createExchange, createStagedExchange } from './exchange.ts';
import { createState, type Memory, type Side } from './state.ts';

export interface BackendOptions {
  memory: Memory;
  session: Handle;
  bindings: Bindings;
  /** Each direction is captured as a graph of the device and replayed. */
  graphs: boolean;
}

/** Makes the state and binds it: a run only chooses the direction. */
export async function createBackend({
  memory,
  session,
  bindings,
  graphs,
}: BackendOptions): Promise<Pick<Backend, 'traffic' | 'write' | 'run' | 'read'>> {
  const { scope, thread, device } = memory;
  const { api } = scope;
  const traffic = { toDevice: 0, fromDevice: 0 };
  const state = await createState(memory, bindings.state);
  const exchange =
    graphs && device !== undefined
      ? createStagedExchange({ ...memory, device }, bindings)
      : createExchange(memory, bindings);
  const bindInputs = (binding: Handle, from: Side) => {
    for (const { name } of bindings.state) {
      api.call('BindInput', binding, name, state.value(name, from));
    }
  };
  const direction = (from: Side, to: Side) => {
    const binding = scope.create('IoBinding', 'CreateIoBinding', session);
    bindInputs(binding, from);
    for (const { name, next } of bindings.state) {
      if (next !== null) api.call('BindOutput', binding, next, state.value(name, to));
    }
    exchange.bind(binding);
    const options = scope.create('RunOptions', 'CreateRunOptions');
    // Captures are told apart by a number, of which 0 and -1 have meanings of their own.
    if (graphs) api.call('AddRunConfigEntry', options, 'gpu_graph_id', String(from + 1));
    return { binding, options };
  };
  const directions = [direction(0, 1), direction(1, 0)] as const;
  let now: Side = 0;
  return {
    traffic,
    async write(tensors) {
      await state.write(now, tensors);
      traffic.toDevice += bytesOf(Object.values(tensors));
    },
    async run(feeds, { signal, inPlace }) {
      const { binding, options } = directions[now];
      const terminate = () => api.call('RunOptionsSetTerminate', options);
      signal?.addEventListener('abort', terminate);
      // A process that exits waits for its threads.
      const ended = atExit(terminate);
      try {
        // What a node on the CPU takes is copied there when it is bound, not when it runs.
        if (device !== undefined) bindInputs(binding, now);
        await exchange.send(binding, feeds);
        if (inPlace) api.callHere('RunWithBinding', session, options, binding);
        else await api.callOn(thread, 'RunWithBinding', session, options, binding);
        const results = await exchange.receive(binding);
        signal?.throwIfAborted();
        traffic.toDevice += bytesOf(Object.values(feeds));
        traffic.fromDevice += bytesOf(Object.values(results));
        now = now === 0 ? 1 : 0;
        return results;
      } finally {
        signal?.removeEventListener('abort', terminate);
        ended();
        api.call('RunOptionsUnsetTerminate', options);
      }
    },
    async read(ports) {
      const read = await state.read(now, ports);
      traffic.fromDevice += bytesOf(Object.values(read));
      return read;
    },
  };
}
