/** What is looked at along the way: pictures of fixed latents, and how far they are from the data. */
import { imageBytes, latentBatch, tileImages } from '@ganport/model';
import sharp from 'sharp';
import type { Dataset } from './data/index.ts';
import type { Engine } from './engine.ts';
import { slicedWasserstein } from './score.ts';

/** Images of a sample grid, 8 × 8; scored images are drawn so many at a time too. */
const GRID = 64;
const SCORED = 1024;
/** Seed of the fixed latents. */
const SEED = 42;

export interface Evaluation {
  /** Sliced Wasserstein distance between the data and as many samples. */
  swd: number;
  /** A PNG of the first samples. */
  samples: Uint8Array;
}

/** Evaluates the generator as it stands whenever it is called. */
export function evaluation(
  engine: Engine,
  dataset: Dataset,
  latent: number,
): () => Promise<Evaluation> {
  const { height, width, channels } = dataset;
  const size = height * width * channels;
  const count = Math.min(SCORED, dataset.count);
  let references: Float32Array | undefined;
  return async () => {
    references ??= await referenceImages(dataset, count);
    const fakes = await draw(engine, count, latent, size);
    return {
      swd: slicedWasserstein(references, fakes, size),
      samples: await samplesPng(fakes.subarray(0, GRID * size), dataset),
    };
  };
}

/** The first `count` images of the data, [count, C, H, W] in −1…1, as the discriminator sees them. */
async function referenceImages(
  { read, channels, height, width }: Dataset,
  count: number,
): Promise<Float32Array> {
  const images = await read(Uint32Array.from({ length: count }, (_, i) => i));
  const area = height * width;
  return Float32Array.from({ length: count * area * channels }, (_, i) => {
    const [image, channel] = [Math.floor(i / (area * channels)), Math.floor(i / area) % channels];
    return images[(image * area + (i % area)) * channels + channel]! / 127.5 - 1;
  });
}

/** Images [count, C, H, W] of the fixed latents. */
async function draw(
  engine: Engine,
  count: number,
  latent: number,
  size: number,
): Promise<Float32Array> {
  const all = new Float32Array(count * size);
  for (let start = 0; start < count; start += GRID) {
    const part = Math.min(GRID, count - start);
    all.set(await engine.sample(latentBatch(SEED, start, part, latent), part), start * size);
  }
  return all;
}

/** A PNG of images [count, C, H, W] in −1…1, eight to a row. */
function samplesPng(
  images: Float32Array,
  { height, width, channels }: Dataset,
): Promise<Uint8Array> {
  const count = images.length / (height * width * channels);
  const data = imageBytes(images, [channels, height, width]);
  const tiles = { columns: 8, gap: 1, background: 64 };
  const grid = tileImages({ count, height, width, channels, data }, tiles);
  return sharp(grid.data, { raw: { width: grid.width, height: grid.height, channels } })
    .png()
    .toBuffer();
}
