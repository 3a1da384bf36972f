/** `bench engines`: training steps of the published GANs, engine against engine and PyTorch. */
import type { ContenderOptions } from './contender.ts';
import { ContenderProcess } from './contender-process.ts';
import type { Entry } from './contenders.ts';
import { stepFlops } from './flops.ts';
import { interleave, medianRatio, type Summary, summarize } from './interleave.ts';
import { PRESETS, type Preset, parameterCount } from './presets.ts';

/** A contender that takes longer to start and take its first step has no part in the rounds. */
const START_SECONDS = 60;

export interface EnginesOptions {
  /** Ratios are to the first. */
  readonly entries: readonly Entry[];
  readonly presets: readonly Preset[];
  readonly batches: readonly number[];
  readonly threads: number;
  readonly rounds: number;
  /** Called with a line for the person who waits. */
  readonly onProgress: (line: string) => void;
}

/** One network at one batch. */
export interface Comparison {
  readonly preset: Preset;
  readonly batch: number;
  /** Operations of one step; see `stepFlops` for what is counted. */
  readonly flops: number;
  readonly contenders: readonly ContenderResult[];
}

export type ContenderResult = { readonly name: string } & (Measured | Failed);

interface Failed {
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
  /** From the start of its process to the end of its first step, or steps if it takes several at once. */
  readonly firstStepSeconds: number;
  /** Times the first contender's seconds per step, where both ran. */
  readonly ratio?: number;
}

/** An entry that can be started. */
interface Ready {
  readonly entry: Entry;
  readonly command: readonly [string, ...string[]];
}

export async function benchEngines(options: EnginesOptions): Promise<Comparison[]> {
  const { entries, presets, onProgress } = options;
  const missing = new Map<Entry, string>();
  const ready: Ready[] = [];
  for (const entry of entries) {
    try {
      ready.push({ entry, command: await entry.prepare(onProgress) });
    } catch (error) {
      missing.set(entry, reasonOf(error));
    }
  }
  const comparisons: Comparison[] = [];
  for (const preset of presets) {
    // Who fails at a batch is not tried at a larger one.
    const failed = new Map(missing);
    for (const batch of options.batches.toSorted((a, b) => a - b)) {
      comparisons.push(await compare(preset, batch, ready, failed, options));
    }
  }
  return comparisons;
}

/** @param failed who is not tried, and why; gains those who fail here */
async function compare(
  preset: Preset,
  batch: number,
  ready: readonly Ready[],
  failed: Map<Entry, string>,
  { entries, threads, rounds, onProgress }: EnginesOptions,
): Promise<Comparison> {
  const flops = stepFlops(PRESETS[preset], batch);
  const title = `${preset}, batch ${batch}`;
  const running: ContenderProcess[] = [];
  const entryOf = new Map<ContenderProcess, Entry>();
  const firstStep = new Map<ContenderProcess, number>();
  const measured = new Map<Entry, Measured>();
  try {
    for (const { entry, command } of ready) {
      if (failed.has(entry)) continue;
      onProgress(`${title}: first step of ${entry.name}`);
      try {
        const { device, startSeconds } = entry;
        const asked = { preset, batch, threads, device };
        const began = performance.now();
        const child = await startStepping(command, asked, startSeconds);
        firstStep.set(child, (performance.now() - began) / 1000);
        running.push(child);
        entryOf.set(child, entry);
      } catch (error) {
        failed.set(entry, reasonOf(error));
      }
    }
    const names = running.map((child) => entryOf.get(child)!.name).join(', ');
    onProgress(`${title}: ${rounds} rounds of ${names || 'nobody'}`);
    const times = await interleave(running, rounds, (child, error) => {
      failed.set(entryOf.get(child)!, reasonOf(error));
    });
    const took = new Map(running.map((child, i) => [entryOf.get(child)!, times[i]!]));
    const base = failed.has(entries[0]!) ? undefined : took.get(entries[0]!);
    for (const child of running) {
      const entry = entryOf.get(child)!;
      if (failed.has(entry)) continue;
      const { description } = child;
      const firstStepSeconds = firstStep.get(child)!;
      const peakBytes = await child.end();
      const costs = { peakBytes, firstStepSeconds };
      measured.set(entry, { description, ...costs, ...rates(took.get(entry)!, flops, base) });
    }
  } finally {
    for (const child of running) child.kill();
  }
  const contenders = entries.map((entry) => ({
    name: entry.name,
    ...(measured.get(entry) ?? { failed: failed.get(entry)! }),
  }));
  return { preset, batch, flops, contenders };
}

/** @throws Error with the contender's reason if it cannot take a step, or not in time. */
async function startStepping(
  command: Ready['command'],
  options: ContenderOptions,
  limitSeconds = START_SECONDS,
): Promise<ContenderProcess> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limitSeconds * 1000);
  let child: ContenderProcess | undefined;
  try {
    child = await ContenderProcess.start(command, options, late.signal);
    const { generator, discriminator } = PRESETS[options.preset];
    const expected = parameterCount(generator) + parameterCount(discriminator);
    if (child.parameters !== expected) {
      throw new Error(`trains ${child.parameters} weights instead of the network’s ${expected}`);
    }
    await child.run(child.stepsPerRun);
    return child;
  } catch (error) {
    child?.kill();
    const { batch } = options;
    throw late.signal.aborted
      ? new Error(`no step within ${limitSeconds} s at batch ${batch}`)
      : error;
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

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
