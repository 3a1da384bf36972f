/** `bench engines`: training steps of the published GANs, engine against engine and PyTorch. */
import type { ContenderOptions } from './contender.ts';
import { ContenderProcess } from './contender-process.ts';
import type { Entry } from './contenders.ts';
import { stepFlops } from './flops.ts';
import { interleave, median, medianRatio, type Summary, summarize } from './interleave.ts';
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
  /**
   * Times that all processes are started anew. Where its memory happens to lie makes one start of a program up to a
   * tenth slower than the next.
   */
  readonly starts: number;
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
  /** Seconds per step of each round, of all starts; rounds with the same index ran one after the other. */
  readonly rounds: readonly number[];
  readonly secondsPerStep: Summary;
  readonly stepsPerSecond: number;
  readonly gflops: number;
  readonly peakBytes: number;
  /** From the start of its process to the end of its first step, or steps if it takes several at once. */
  readonly firstStepSeconds: number;
  /** Times the first contender's seconds per step, where both ran: one for each start. */
  readonly ratio?: Summary;
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

/** One contender in one start. */
interface Start {
  readonly description: string;
  readonly rounds: readonly number[];
  readonly peakBytes: number;
  readonly firstStepSeconds: number;
}

/** @param failed who is not tried, and why; gains those who fail here */
async function compare(
  preset: Preset,
  batch: number,
  ready: readonly Ready[],
  failed: Map<Entry, string>,
  options: EnginesOptions,
): Promise<Comparison> {
  const { entries, starts: count } = options;
  const flops = stepFlops(PRESETS[preset], batch);
  const starts: Map<Entry, Start>[] = [];
  while (starts.length < count) {
    starts.push(await startAll({ preset, batch }, ready, failed, options));
  }
  const base = failed.has(entries[0]!) ? undefined : entries[0]!;
  const contenders = entries.map((entry): ContenderResult => {
    const { name } = entry;
    if (failed.has(entry)) return { name, failed: failed.get(entry)! };
    const own = starts.map((start) => start.get(entry)!);
    const rounds = own.flatMap((start) => start.rounds);
    const secondsPerStep = summarize(rounds);
    const ratios =
      base && own.map((start, i) => medianRatio(start.rounds, starts[i]!.get(base)!.rounds));
    return {
      ...{ name, description: own[0]!.description, rounds, secondsPerStep },
      stepsPerSecond: 1 / secondsPerStep.median,
      gflops: flops / secondsPerStep.median / 1e9,
      peakBytes: Math.max(...own.map(({ peakBytes }) => peakBytes)),
      firstStepSeconds: median(own.map(({ firstStepSeconds }) => firstStepSeconds)),
      ...(ratios && { ratio: summarize(ratios) }),
    };
  });
  return { preset, batch, flops, contenders };
}

/** Starts everyone, who then take turns, and ends them. @param failed as of `compare` */
async function startAll(
  { preset, batch }: Pick<Comparison, 'preset' | 'batch'>,
  ready: readonly Ready[],
  failed: Map<Entry, string>,
  { threads, rounds, onProgress }: EnginesOptions,
): Promise<Map<Entry, Start>> {
  const title = `${preset}, batch ${batch}`;
  const running: { entry: Entry; child: ContenderProcess; firstStepSeconds: number }[] = [];
  const ended = new Map<Entry, Start>();
  try {
    for (const { entry, command } of ready) {
      if (failed.has(entry)) continue;
      onProgress(`${title}: first step of ${entry.name}`);
      try {
        const { device, startSeconds } = entry;
        const asked = { preset, batch, threads, device };
        const began = performance.now();
        const child = await startStepping(command, asked, startSeconds);
        const firstStepSeconds = (performance.now() - began) / 1000;
        running.push({ entry, child, firstStepSeconds });
      } catch (error) {
        failed.set(entry, reasonOf(error));
      }
    }
    const names = running.map(({ entry }) => entry.name).join(', ');
    onProgress(`${title}: ${rounds} rounds of ${names || 'nobody'}`);
    const children = running.map(({ child }) => child);
    const times = await interleave(children, rounds, (child, error) => {
      failed.set(running[children.indexOf(child)]!.entry, reasonOf(error));
    });
    for (const [i, { entry, child, firstStepSeconds }] of running.entries()) {
      if (failed.has(entry)) continue;
      const { description } = child;
      const peakBytes = await child.end();
      ended.set(entry, { description, rounds: times[i]!, peakBytes, firstStepSeconds });
    }
  } finally {
    for (const { child } of running) child.kill();
  }
  return ended;
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

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
