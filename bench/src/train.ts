/** `bench train`: training steps of the published GANs, contender against contender. */
import type { ContenderEntry, ContenderOptions } from './contender.ts';
import { ContenderProcess } from './contender-process.ts';
import { stepFlops } from './flops.ts';
import { interleave, medianRatio, type Summary, summarize } from './interleave.ts';
import { PRESETS, type Preset } from './presets.ts';

/** Ratios are to the first. */
const CONTENDERS: readonly ContenderEntry[] = [
  { name: 'ganport', module: './ganport-gan.js', create: 'createOnnxRuntime' },
  { name: 'tfjs wasm', module: './tfjs-gan.js', create: 'createWasm' },
  { name: 'tfjs cpu', module: './tfjs-gan.js', create: 'createCpu' },
];

/** The batches of the published GANs. */
const BATCH: Readonly<Record<Preset, number>> = { mlp: 128, conv: 64 };

/** A contender whose first step takes longer has no part in the rounds. */
const FIRST_STEP_SECONDS = 60;

export interface TrainOptions {
  readonly presets: readonly Preset[];
  readonly threads: number;
  readonly rounds: number;
  /** Called with a line for the person who waits. */
  readonly onProgress: (line: string) => void;
}

export interface PresetResult {
  readonly preset: Preset;
  readonly batch: number;
  /** Operations of one step; see `stepFlops` for what is counted. */
  readonly flops: number;
  readonly contenders: readonly ContenderResult[];
}

export type ContenderResult = { readonly name: string } & (Measured | Failed);

export interface Failed {
  /** Why there is no number. */
  readonly failed: string;
}

export interface Measured {
  readonly description: string;
  /** Seconds per step of each round; rounds with the same index ran one after the other. */
  readonly rounds: readonly number[];
  readonly secondsPerStep: Summary;
  readonly stepsPerSecond: number;
  readonly gflops: number;
  readonly peakBytes: number;
  /** Times the first contender's seconds per step, where both ran. */
  readonly ratio?: number;
}

export async function benchTrain(options: TrainOptions): Promise<PresetResult[]> {
  const results: PresetResult[] = [];
  for (const preset of options.presets) results.push(await benchPreset(preset, options));
  return results;
}

async function benchPreset(preset: Preset, options: TrainOptions): Promise<PresetResult> {
  const { threads, rounds, onProgress } = options;
  const batch = BATCH[preset];
  const flops = stepFlops(PRESETS[preset], batch);
  const running: ContenderProcess[] = [];
  const results = new Map<string, Measured | Failed>();
  try {
    for (const entry of CONTENDERS) {
      onProgress(`${preset}: first step of ${entry.name}`);
      try {
        running.push(await startStepping(entry, { preset, batch, threads }));
      } catch (error) {
        results.set(entry.name, { failed: error instanceof Error ? error.message : String(error) });
      }
    }
    onProgress(
      `${preset}: ${rounds} rounds of ${running.map(({ name }) => name).join(', ') || 'nobody'}`,
    );
    const times = await interleave(running, rounds);
    const base = running[0]?.name === CONTENDERS[0]?.name ? times[0] : undefined;
    for (const [index, child] of running.entries()) {
      const { name, description } = child;
      const peakBytes = await child.end();
      results.set(name, { description, peakBytes, ...rates(times[index]!, flops, base) });
    }
  } finally {
    for (const child of running) child.kill();
  }
  const contenders = CONTENDERS.map(({ name }) => ({ name, ...results.get(name)! }));
  return { preset, batch, flops, contenders };
}

/** @throws Error with the contender's reason if it cannot take a step, or not in time. */
async function startStepping(
  entry: ContenderEntry,
  options: ContenderOptions,
): Promise<ContenderProcess> {
  const child = await ContenderProcess.start(entry, options);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill();
  }, FIRST_STEP_SECONDS * 1000);
  try {
    await child.run(1);
    return child;
  } catch (error) {
    child.kill();
    throw late ? new Error(`no step within ${FIRST_STEP_SECONDS} s`) : error;
  } finally {
    clearTimeout(timer);
  }
}

function rates(rounds: readonly number[], flops: number, base: readonly number[] | undefined) {
  const secondsPerStep = summarize(rounds);
  const { median } = secondsPerStep;
  const ratio = base && { ratio: medianRatio(rounds, base) };
  return {
    rounds,
    secondsPerStep,
    stepsPerSecond: 1 / median,
    gflops: flops / median / 1e9,
    ...ratio,
  };
}
