/**
 * A thread that calls native functions one after another, while the event loop turns. It rounds
 * denormals to zero: a session's option reaches onnxruntime's own threads, but not the one that calls it, which
 * computes as well. koffi's own `.async` calls on whichever thread of libuv's pool is free, where that cannot
 * be set: part of an operator's result would then be denormal, another part each time.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { DENORMALS, floatMode } from './float-mode.ts';

export interface Thread {
  /**
   * Calls a function of pointers that returns a pointer. One call at a time.
   * @param held what the pointers point into: kept until the call has returned
   */
  call(
    address: bigint,
    parameters: readonly bigint[],
    held?: readonly unknown[],
  ): Promise<bigint | null>;
  /** Ends the thread, once its call has returned. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: bigint | null): void;
  reject(error: unknown): void;
  held: readonly unknown[] | undefined;
}

/** What the thread waits for: its turn's value. */
const [IDLE, CALL, END] = [0, 1, 2];

/** Parameters of the longest call. */
const MAX_PARAMETERS = 6;

/** In plain JavaScript, as a string: so it is the same whether the package runs from its sources or its build. */
const LOOP = `
const { parentPort, workerData } = require('node:worker_threads');
const koffi = require(workerData.koffi);
(${DENORMALS})(koffi, workerData.floatMode)(true);
const prototypes = new Map();
const turn = new Int32Array(workerData.call, 0, 1);
const words = new BigUint64Array(workerData.call, 8);
while (true) {
  // It may be woken for a call that it has made already.
  while (Atomics.load(turn, 0) === ${IDLE}) Atomics.wait(turn, 0, ${IDLE});
  if (Atomics.load(turn, 0) === ${END}) break;
  const [address, count] = words;
  const parameters = words.slice(2, 2 + Number(count));
  if (!prototypes.has(count)) {
    prototypes.set(count, koffi.proto('void *', Array(Number(count)).fill('void *')));
  }
  const result = koffi.call(address, prototypes.get(count), ...parameters);
  Atomics.store(turn, 0, ${IDLE});
  parentPort.postMessage(result);
}
`;

/**
 * Whoever starts a thread closes it. It does not keep the process alive except during a call.
 * @param koffi the path of koffi's main file
 */
export function startThread(koffi: string): Thread {
  // A message takes twice as long to wake it.
  const shared = new SharedArrayBuffer(8 * (3 + MAX_PARAMETERS));
  const turn = new Int32Array(shared, 0, 1);
  const words = new BigUint64Array(shared, 8);
  const wake = (value: number) => {
    Atomics.store(turn, 0, value);
    Atomics.notify(turn, 0);
  };
  const worker = new Worker(LOOP, {
    eval: true,
    execArgv: [],
    workerData: { koffi, floatMode, call: shared },
  });
  worker.unref();
  let waiting: Waiting | undefined;
  let failure: unknown;
  worker.on('message', (result: bigint | null) => {
    worker.unref();
    waiting?.resolve(result);
    waiting = undefined;
  });
  worker.on('error', (error) => {
    failure = error;
    waiting?.reject(error);
    waiting = undefined;
  });
  return {
    call(address, parameters, held) {
      return new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        waiting = { resolve, reject, held };
        worker.ref();
        words.set([address, BigInt(parameters.length), ...parameters]);
        wake(CALL);
      });
    },
    // It ends by itself: terminated while it is in koffi's code, it would take the process with it.
    async close() {
      if (failure) return;
      worker.ref();
      const ended = once(worker, 'exit');
      wake(END);
      await ended;
    },
  };
}
