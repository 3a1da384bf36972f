/**
 * The small runtime: generators that ganport exports, drawn by TypeScript alone. For pages whose policy forbids
 * WebAssembly, and for generators that a runtime of megabytes would outweigh.
 */
import { checkGeneratorDigest } from '@ganport/model';
import type { Generator, Infer } from '../generator.ts';
import { type Sampler, samplerOf } from '../sampler.ts';
import { openPictures, type Pictures } from './picture.ts';

export { isLittleWork } from './little-work.ts';

/** Longest that a thread is held before it gets a turn, but for a picture. */
const HELD_MS = 12;

/** Its arithmetic is the same on every machine, and a picture takes ten times as long before the browser has compiled it. */
const REDRAWN = 1;

/**
 * Loads a generator.onnx and checks the first of its golden samples. Pictures are drawn one by one on the thread that asks, which has
 * turns between them. Memory is all that is held, so closing the sampler only ends it.
 * @param model its bytes
 * @throws SampleError if it is no generator of ganport's, has an operator that is not among the small runtime's, or
 * draws that sample more than one level off; ModelError if it was changed since its export
 */
export async function loadSmallGenerator(
  model: Uint8Array,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Sampler> {
  const pictures = openPictures(model);
  await checkGeneratorDigest(model, pictures.metadata);
  return samplerOf(generatorOf(pictures), { redrawn: REDRAWN, ...(signal && { signal }) });
}

export function generatorOf({ metadata, draw }: Pictures): Generator {
  const { height, width, channels } = metadata.image;
  const { size } = metadata.latent;
  const infer: Infer = async (z, count, { labels, signal } = {}) => {
    const data = new Uint8Array(count * height * width * channels);
    let held = performance.now();
    for (let i = 0; i < count; i += 1) {
      signal?.throwIfAborted();
      const levels = draw(z.subarray(i * size, (i + 1) * size), labels?.[i]);
      data.set(levels, i * levels.length);
      if (performance.now() - held < HELD_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      held = performance.now();
    }
    return data;
  };
  return { metadata, description: 'the small runtime', infer, close: async () => {} };
}
