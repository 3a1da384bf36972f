import { MAX_INDEX, MAX_SEED } from '@ganport/model';
import { writeFileAtomic } from '@ganport/model/node';
import { MAX_COUNT } from '@ganport/sample';
import { encodeImages, IMAGE_FORMATS, loadGenerator } from '@ganport/sample/node';
import { command, UsageError } from '../command.ts';
import { argument, choice, integer, SHARED, text } from '../flags.ts';

/** Pixels of 28 × 28 pictures are then larger than any screen. */
const MAX_SCALE = 64;

export const sample = command({
  usage: 'sample <model>',
  describe: 'Draw pictures with a generator.onnx',
  examples: [
    ['sample model.onnx', 'A grid of 64, samples.png'],
    ['sample model.onnx --count 9 --format npy', 'uint8 [9, H, W, C] for NumPy'],
    ['sample model.onnx --start 12 --count 1', 'Picture 12 alone'],
  ],
  arguments: { model: argument('A generator.onnx') },
  flags: {
    seed: {
      ...integer('seed', 'Seed of the latents', { minValue: 0, maxValue: MAX_SEED }),
      default: 42,
    },
    start: {
      ...integer('start', 'Index of the first picture', { minValue: 0, maxValue: MAX_INDEX }),
      default: 0,
    },
    count: {
      ...integer('count', 'How many pictures', { minValue: 1, maxValue: MAX_COUNT }),
      default: 64,
    },
    format: { ...choice('PNG and WebP hold a grid', IMAGE_FORMATS), default: 'png' as const },
    scale: {
      ...integer('scale', 'Size of a pixel in PNG and WebP', {
        minValue: 1,
        maxValue: MAX_SCALE,
      }),
      default: 2,
    },
    out: { ...text('File to write'), alias: 'o', defaultDescription: 'samples.FORMAT' },
    device: SHARED.device,
  },
  async run({ model, seed, start, count, format, scale, device, out = `samples.${format}` }) {
    if (start + count - 1 > MAX_INDEX) {
      throw new UsageError(
        `--start and --count: expected at most ${MAX_INDEX + 1} together, got ${start + count}`,
      );
    }
    const { sampler, device: used } = await loadGenerator(model, { device });
    try {
      const images = await sampler.sample({ seed, start, count });
      await writeFileAtomic(out, await encodeImages(images, format, { scale }));
    } finally {
      await sampler.close();
    }
    const pictures = count === 1 ? `picture ${start}` : `pictures ${start} to ${start + count - 1}`;
    return {
      json: { file: out, seed, start, count, format, device: used },
      text: `Wrote ${out}: ${pictures} of seed ${seed}, drawn on ${used}.`,
    };
  },
});
