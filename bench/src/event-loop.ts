/**
 * `bench event-loop`: how long the event loop stands still while pictures are drawn, and while a network is
 * trained. A service answers nobody in that time, and Ctrl-C is not heard.
 */
import { setTimeout } from 'node:timers/promises';
import { openProgram } from '@ganport/runtime/node';
import { openSampler } from '@ganport/sample';
import { type Summary, summarize } from './interleave.ts';
import { trainOneStep } from './one-step-generator.ts';
import { formatTable } from './report.ts';
import { createTraining } from './training.ts';

/** Drawn in one run. */
const PICTURES = 256;
/** Rounds begin with this many that are not counted: pools of threads come to speed. */
const WARM_UP = 1;

export interface EventLoopOptions {
  readonly threads: number;
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

/** What is done while the event loop is watched. */
interface Task {
  readonly name: string;
  work(): Promise<unknown>;
  close(): Promise<void>;
}

export interface EventLoopResult {
  readonly name: string;
  /** Milliseconds of the task, and of the largest gap between two turns of the event loop. */
  readonly run: Summary;
  readonly gap: Summary;
}

/** The tasks take turns, since a machine's speed drifts. */
export async function benchEventLoop(options: EventLoopOptions): Promise<EventLoopResult[]> {
  const { rounds, threads, onProgress } = options;
  onProgress('a generator of preset conv after one step');
  const model = await trainOneStep('conv');
  const tasks: Task[] = [idle()];
  try {
    for (const runtime of ['native', 'node'] as const) {
      tasks.push(await sampling(model, runtime, threads));
    }
    for (const preset of ['mlp', 'conv'] as const) tasks.push(await training(preset, threads));
    const watched = tasks.map(({ name }) => ({ name, measured: [] as Watched[] }));
    for (let round = -WARM_UP; round < rounds; round += 1) {
      onProgress(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
      for (const [i, { work }] of tasks.entries()) {
        const measured = await watch(work);
        if (round >= 0) watched[i]!.measured.push(measured);
      }
    }
    return watched.map(({ name, measured }) => ({
      name,
      run: summarize(measured.map(({ run }) => run)),
      gap: summarize(measured.map(({ gap }) => gap)),
    }));
  } finally {
    for (const { close } of tasks) await close();
  }
}

/** What the machine's other work does to the event loop. */
function idle(): Task {
  return { name: 'nothing', work: () => setTimeout(300), close: async () => {} };
}

async function sampling(
  model: Uint8Array,
  runtime: 'native' | 'node',
  threads: number,
): Promise<Task> {
  const device = 'cpu';
  const sampler = await openSampler({
    model,
    open: (bytes) => openProgram(bytes, { device, threads, runtime }),
    maxBatch: PICTURES,
  });
  const name = runtime === 'native' ? 'libonnxruntime, called natively' : 'onnxruntime-node';
  let seed = 0;
  return {
    name: `drawing ${PICTURES} pictures: ${name}`,
    work() {
      seed += 1;
      return sampler.sample({ seed, count: PICTURES });
    },
    close: () => sampler.close(),
  };
}

/** Batches as the presets have them; of mlp's short steps, as many as take a while. */
const TRAINED = { mlp: { batch: 128, steps: 50 }, conv: { batch: 64, steps: 2 } } as const;

async function training(preset: keyof typeof TRAINED, threads: number): Promise<Task> {
  const { batch, steps } = TRAINED[preset];
  const options = { preset, batch, threads, device: 'cpu' } as const;
  const { run, dispose } = await createTraining(options, 'onnxruntime');
  return {
    name: `training ${preset} at batch ${batch}, ${steps} steps`,
    work: () => run(steps),
    close: dispose,
  };
}

/** In milliseconds. */
export interface Watched {
  readonly run: number;
  readonly gap: number;
}

/** Runs a task, and looks how long the event loop did not turn meanwhile. A millisecond is its usual gap. */
export async function watch(work: () => Promise<unknown>): Promise<Watched> {
  const start = performance.now();
  let [last, gap] = [start, 0];
  const turn = () => {
    const now = performance.now();
    gap = Math.max(gap, now - last);
    last = now;
  };
  const timer = setInterval(turn, 1);
  try {
    await work();
    turn();
  } finally {
    clearInterval(timer);
  }
  return { run: last - start, gap };
}

export function formatEventLoop(results: readonly EventLoopResult[]): string {
  const show = ({ median, min, max }: Summary) =>
    `${median.toFixed(1)} (${min.toFixed(1)}–${max.toFixed(1)})`;
  const rows = results.map(({ name, run, gap }) => [name, show(run), show(gap)]);
  const header = ['while', 'run, ms (min–max)', 'largest gap, ms (min–max)'];
  return `\n${formatTable([header, ...rows]).join('\n')}\n`;
}
