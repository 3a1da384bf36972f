/** A run in a page or, better, in a worker of one: the same steps, files and words as in Node. */
import { ModelError } from '@ganport/model';
import type { RunStore } from '@ganport/model/run';
import type { WebOptions, WebRuntime } from '@ganport/runtime';
import type { LoopOptions } from '../loop.ts';
import { createWebEngine } from '../onnxruntime/web-engine.ts';
import type { RunWriter } from '../run-writer.ts';
import { type ChosenEngine, type TrainedOn, type TrainHost, trainOn } from '../train-on.ts';
import { createGate } from './gate.ts';
import { encodePngInPage } from './png.ts';

/** Steps between two reads of the state from a GPU, at the least; and that a page which is closed loses, at the most. */
const READ_EVERY = 50;

export interface WebRunOptions extends Omit<LoopOptions, 'signal'>, Pick<WebOptions, 'device'> {
  /** The build of onnxruntime-web that has the device: `/wasm`, `/webgpu` or `/jspi`. */
  ort: WebRuntime;
  /** Where the run's files go, or are: nobody else writes them. */
  store: RunStore;
  /** Go on with the run that is there, in place of starting a new one. */
  resume: boolean;
  /** Of what trains, for run.json. */
  versions: Record<string, string>;
  /** Told what runs and on what, and of the steps done before, before the first. */
  onStart?: (description: string, step: number) => void;
  /** Told of each picture of samples, a PNG. */
  onSamples?: (step: number, png: Uint8Array) => void;
}

export interface WebRun {
  /** After the step under way; resolves then. */
  pause(): Promise<void>;
  /** One more step, of a run that is paused. */
  step(): void;
  resume(): void;
  /** Saves the run as it stands after the step under way, and does a task before the next; a run that has ended is saved. */
  whenSaved<T>(task: () => Promise<T>): Promise<T>;
  /** Ends the run with a checkpoint, after the step under way. */
  stop(): void;
  /** How it ended. Rejects as `trainOn` does, and with RuntimeError if the device does not work. */
  readonly ended: Promise<TrainedOn>;
}

/**
 * Starts or goes on with a run. The state is read and saved every 50 steps, or more often if the configuration says so.
 * On WebAssembly a step holds the thread until it ends.
 */
export function startRun(options: WebRunOptions): WebRun {
  const { config, store, resume } = options;
  const gate = createGate();
  const stopping = new AbortController();
  const every = { ...config.every, checkpoint: Math.min(READ_EVERY, config.every.checkpoint) };
  const host = hostOf(options, gate.pass);
  const ended = trainOn(host, resume ? store : undefined, {
    ...loopOptions(options),
    config: { ...config, every },
    signal: stopping.signal,
    onStart: ({ engine }, _store, step) => options.onStart?.(engine.description, step),
  });
  ended.then(
    () => gate.end(new ModelError('the run has ended')),
    (error: Error) => gate.end(error),
  );
  return {
    pause: gate.pause,
    step: gate.step,
    resume: gate.resume,
    async whenSaved(task) {
      let result: { value: Awaited<ReturnType<typeof task>> } | undefined;
      const asked = gate.whenSaved(async () => {
        result = { value: await task() };
      });
      // Of a run that has ended, well or not, what is saved is what there is.
      await asked.catch(() => ended.catch(() => undefined));
      return result ? result.value : task();
    },
    stop() {
      stopping.abort();
      gate.resume();
    },
    ended,
  };
}

function loopOptions({ dataset, onStep, onScore, onNotice }: WebRunOptions) {
  return {
    dataset,
    ...(onStep && { onStep }),
    ...(onScore && { onScore }),
    ...(onNotice && { onNotice }),
  };
}

function hostOf(options: WebRunOptions, pause: TrainHost['pause']): TrainHost {
  const { ort, device, store, versions, onSamples } = options;
  return {
    // Which the runtime may change as it starts.
    get threads() {
      return device === 'wasm' ? (ort.env.wasm.numThreads ?? 1) : 1;
    },
    ...{ tf32: false, versions, commandLine: false },
    encodePng: encodePngInPage,
    // Pictures from a GPU come with checkpoints; WebAssembly has the weights at hand.
    picturesApart: device === 'webgpu' ? READ_EVERY : 1,
    openClassifier: async () => undefined,
    pause,
    async createEngine(recipe, initial): Promise<ChosenEngine> {
      const engine = await createWebEngine(ort, recipe, initial, { device }).catch(explained);
      // To run.json, WebAssembly is the CPU.
      const chosen = { engine: 'onnxruntime', device: device === 'wasm' ? 'cpu' : device } as const;
      return { engine, chosen, why: '' };
    },
    claim: async () => ({ store, release: async () => undefined }),
    ...(onSamples && { alsoTo: (writer) => withSamples(writer, onSamples) }),
  };
}

/** @throws what went wrong, in fewer words than a browser's where a policy forbids WebAssembly */
function explained(error: unknown): never {
  if (!/Content Security Policy/i.test(String(error))) throw error;
  throw new ModelError(
    "this page’s Content-Security-Policy forbids WebAssembly: its script-src needs 'wasm-unsafe-eval'",
    { cause: error },
  );
}

function withSamples(writer: RunWriter, tell: NonNullable<WebRunOptions['onSamples']>): RunWriter {
  return {
    ...writer,
    async saveSamples(step, png) {
      await writer.saveSamples(step, png);
      tell(step, png);
    },
  };
}
