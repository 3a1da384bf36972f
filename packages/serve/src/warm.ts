import type { LoadedGenerator } from '@ganport/sample/node';

/** Of a run, about: a device compiles its kernels, and memory is had, before somebody waits for a picture. */
const WARM_COUNT = 8;

/** Draws some pictures for nobody. @returns the same. @throws what the program throws, having closed it */
export async function warm(generator: LoadedGenerator): Promise<LoadedGenerator> {
  try {
    await generator.sampler.sample({ seed: 0, count: WARM_COUNT });
    return generator;
  } catch (error) {
    await generator.sampler.close();
    throw error;
  }
}
