/** A generator on the CPU: one run with all threads, or several with one thread each. */
import { availableParallelism } from 'node:os';
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
    if (lanes < 2 || (await pictureMs(whole, signal)) > SMALL_MS) return whole;
  } catch (error) {
    await endOpened([whole], signal);
    throw error;
  }
  await whole.close();
  const generators: Generator[] = [];
  try {
    while (generators.length < lanes) generators.push(await opened(1));
  } catch (error) {
    await endOpened(generators, signal);
    throw error;
  }
  return together(generators, whole.description);
}

async function pictureMs(
  { metadata: { latent, classes }, infer }: Generator,
  signal: AbortSignal,
): Promise<number> {
  const z = new Float32Array(latent.size);
  const given = { signal, ...(classes && { labels: new BigInt64Array(1) }) };
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i += 1) {
    const began = performance.now();
    // Of some operators a run cannot be told to end.
    await beforeAbort(infer(z, 1, given), signal);
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
function together(generators: readonly Generator[], description: string): Generator {
  const free = [...generators];
  return {
    ...{ metadata: generators[0]!.metadata, description },
    lanes: generators.length,
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
