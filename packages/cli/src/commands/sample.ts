import { writeFileAtomic } from '@ganport/model/node';
import { DEVICES, encodeImages, IMAGE_FORMATS, loadGenerator } from '@ganport/serve';
import { command } from '../command.ts';

export const sample = command({
  usage: 'sample <model>',
  describe: 'Draw pictures with a generator.onnx',
  options: (yargs) =>
    yargs
      .positional('model', { type: 'string', demandOption: true, describe: 'A generator.onnx' })
      .options({
        seed: { number: true, default: 42, describe: 'Seed of the latents' },
        start: { number: true, default: 0, describe: 'Index of the first picture' },
        count: { number: true, default: 64, describe: 'How many pictures' },
        format: {
          choices: IMAGE_FORMATS,
          default: 'png' as const,
          describe: 'PNG and WebP hold a grid',
        },
        scale: { number: true, default: 2, describe: 'Size of a pixel in PNG and WebP' },
        out: {
          alias: 'o',
          string: true,
          describe: 'File to write',
          defaultDescription: 'samples.FORMAT',
        },
        device: { choices: DEVICES, default: 'auto' as const, describe: 'Where to draw' },
      }),
  async run({ model, seed, start, count, format, scale, device, out = `samples.${format}` }) {
    const { sampler, device: used } = await loadGenerator(model, { device });
    try {
      const images = await sampler.sample({ seed, start, count });
      await writeFileAtomic(out, await encodeImages(images, format, { scale }));
    } finally {
      await sampler.release();
    }
    return {
      json: { file: out, seed, start, count, format, device: used },
      text: `Wrote ${out}: ${count} pictures of seed ${seed}, drawn on ${used}.`,
    };
  },
});
