import type { LoadedGenerator } from '@ganport/sample/node';

export interface Warmed {
  generator: LoadedGenerator;
  /** What it draws when nothing is in its way. */
  picturesPerSecond: number;
}

/** A device compiles its kernels, and memory is had, before somebody waits for a picture. */
const WARM_COUNT = 8;
/** A run, of which what it takes is known. */
const MEASURED_COUNT = 32;

/**
 * Draws some pictures for nobody.
 * @throws what the program throws, having closed it; the signal's reason, which does not wait for that
 */
export async function warm(generator: LoadedGenerator, signal: AbortSignal): Promise<Warmed> {
  const { sampler } = generator;
  try {
    await sampler.sample({ seed: 0, count: WARM_COUNT, signal });
    const began = performance.now();
    await sampler.sample({ seed: 0, count: MEASURED_COUNT, signal });
    const seconds = (performance.now() - began) / 1000;
    return { generator, picturesPerSecond: MEASURED_COUNT / seconds };
  } catch (error) {
    const closing = sampler.close();
    // A run that was given up may go on for as long as its operator takes.
    if (!signal.aborted) await closing;
    throw error;
  }
}
