/** A generator on the CPU: one run with all threads, or several with one thread each. */
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { decodeModel } from '@ganport/onnx';
import { beforeAbort, type Program } from '@ganport/runtime';
import { type Generator, openGenerator } from './generator.ts';

export interface LanesOptions {
  /** Opens the model with so many threads, or as many as onnxruntime chooses. */
  open(model: Uint8Array, threads: number | undefined): Promise<Program>;
  /** Of all runs together: all cores unless given. */
  threads: number | undefined;
  signal: AbortSignal;
}

/**
 * A picture that takes longer than this is worth the threads' meeting at each operator; of smaller ones two runs at a time drew
 * twice as many for the same CPU time (docs/decisions.md).
 */
const SMALL_MS = 5;
/** Each lane has the weights for itself. */
const MAX_LANES_BYTES = 2 ** 28;
/** A run that takes no longer, with the way to its thread and back, may hold the event loop: the way is most of a small one. */
const IN_PLACE_MS = 2;
/** Of them the largest that takes no longer is looked for. */
const IN_PLACE_COUNTS = [1, 2, 4, 8, 16];
/** How long these take depends on what they are given, and not only on how much of it. */
const CONTROL_FLOW: ReadonlySet<string | undefined> = new Set(['If', 'Loop', 'Scan']);
/** The first run has memory to get. */
const TRIALS = 3;

/** As `openGenerator`. */
export async function openOnCpu(
  model: Uint8Array,
  { open, threads, signal }: LanesOptions,
): Promise<Generator> {
  const opened = (threads?: number) =>
    openGenerator(model, (bytes) => open(bytes, threads), signal);
  const whole = await opened(threads);
  const lanes = Math.min(
    threads ?? availableParallelism(),
    Math.floor(MAX_LANES_BYTES / model.length),
  );
  try {
    if (lanes < 2 || (await runMs(whole, 1, signal)) > SMALL_MS) return whole;
  } catch (error) {
    await endOpened([whole], signal);
    throw error;
  }
  await whole.close();
  const generators: Generator[] = [];
  try {
    while (generators.length < lanes) generators.push(await opened(1));
    const inPlace = hasControlFlow(model) ? 0 : await mostInPlace(generators[0]!, signal);
    return together(generators, whole.description, inPlace);
  } catch (error) {
    await endOpened(generators, signal);
    throw error;
  }
}

function hasControlFlow(model: Uint8Array): boolean {
  const { graph, functions } = decodeModel(model);
  return [graph, ...functions].some((part) =>
    part?.node.some(({ opType }) => CONTROL_FLOW.has(opType)),
  );
}

async function mostInPlace(generator: Generator, signal: AbortSignal): Promise<number> {
  let most = 0;
  for (const count of IN_PLACE_COUNTS) {
    if ((await runMs(generator, count, signal)) > IN_PLACE_MS) break;
    most = count;
  }
  return most;
}

async function runMs(
  { metadata: { latent, classes }, infer }: Generator,
  count: number,
  signal: AbortSignal,
): Promise<number> {
  const z = new Float32Array(count * latent.size);
  const given = { signal, ...(classes && { labels: new BigInt64Array(count) }) };
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i += 1) {
    const began = performance.now();
    // Of some operators a run cannot be told to end.
    await beforeAbort(infer(z, count, given), signal);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

/** A run that was given up may go on for as long as its operator takes, or for ever. */
async function endOpened(generators: readonly Generator[], signal: AbortSignal): Promise<void> {
  const closing = Promise.all(generators.map((generator) => generator.close()));
  if (!signal.aborted) await closing;
}

/** Of the same model: a run takes one that has none. */
function together(
  generators: readonly Generator[],
  description: string,
  inPlace: number,
): Generator {
  const free = [...generators];
  return {
    ...{ metadata: generators[0]!.metadata, description },
    lanes: generators.length,
    inPlace,
    // What comes in one turn of the event loop.
    gather: () => setImmediate(),
    async infer(z, count, options) {
      const generator = free.pop();
      if (!generator) throw new Error(`more than ${generators.length} runs at a time`);
      try {
        return await generator.infer(z, count, options);
      } finally {
        free.push(generator);
      }
    },
    async close() {
      await Promise.all(generators.map((generator) => generator.close()));
    },
  };
}
