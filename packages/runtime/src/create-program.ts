/** What all implementations of `Program` share: checks, copies, turns, cancellation, the end. */
import { RuntimeError, runError } from './error.ts';
import {
  type Bindings,
  checkFeeds,
  checkState,
  copyTensor,
  pickState,
  type StatePort,
  type Tensors,
} from './ports.ts';
import type { Program, RunOptions } from './program.ts';
import type { Turns } from './turns.ts';

/**
 * A program at one runtime. Calls come one at a time; tensors were checked. Those written are the
 * backend's to keep, those fed are its own until the run ends, and those returned are given away.
 */
export interface Backend extends Pick<Program, 'description' | 'traffic'> {
  write(state: Tensors): Promise<void>;
  /**
   * Replaces the state as its last act, and only if the signal was not aborted until then.
   * @returns a tensor for each of the results
   */
  run(feeds: Tensors, options: RunOptions): Promise<Record<string, Tensors[string]>>;
  read(state: readonly StatePort[]): Promise<Record<string, Tensors[string]>>;
  close(): Promise<void>;
}

/** @param inTurn the queue in which the backend's calls wait */
export function createProgram(backend: Backend, bindings: Bindings, inTurn: Turns): Program {
  let closing: Promise<void> | undefined;
  const expectOpen = () => {
    if (closing) throw new RuntimeError('the program was closed');
  };
  return {
    description: backend.description,
    inputs: bindings.inputs,
    outputs: bindings.outputs,
    get traffic() {
      return backend.traffic;
    },
    async write(state) {
      expectOpen();
      checkState(bindings, state);
      const copies = Object.fromEntries(
        Object.entries(state).map(([name, tensor]) => [name, copyTensor(tensor)]),
      );
      return inTurn(() => backend.write(copies));
    },
    async run(feeds, options = {}) {
      expectOpen();
      const { signal } = options;
      if (signal !== undefined && !(signal instanceof AbortSignal)) {
        throw new RuntimeError(`signal: expected an AbortSignal, got ${typeof signal}`);
      }
      checkFeeds(bindings, feeds);
      return inTurn(async () => {
        signal?.throwIfAborted();
        try {
          return await backend.run(feeds, options);
        } catch (error) {
          signal?.throwIfAborted();
          throw runError(error);
        }
      });
    },
    async read(names) {
      expectOpen();
      const state = pickState(bindings, names);
      return inTurn(() => backend.read(state));
    },
    close() {
      closing ??= inTurn(() => backend.close());
      return closing;
    },
  };
}
