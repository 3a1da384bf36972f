import { MAX_INDEX, MAX_SEED, quote } from '@ganport/model';
import { classIndex } from '@ganport/sample';
import { encodeAnimation, encodeImages, loadGenerator } from '@ganport/sample/node';
import { command, UsageError } from '../command.ts';
import { integer, SHARED, text } from '../flags.ts';
import { MODEL, readGiven } from '../model-input.ts';
import { deliver, endingOf, expectOutput, wrote } from '../output.ts';

export const interpolate = command({
  usage: 'interpolate <model>',
  describe: 'Draw a walk from picture to picture: an animated WebP, or a PNG of its steps',
  examples: [
    ['interpolate runs/mlp', 'From picture 0 to 1, 2, 3 and back, walk.webp'],
    ['interpolate runs/mlp --stops 6 -o walk.png', 'A row for each way from one to the next'],
  ],
  arguments: { model: MODEL },
  flags: {
    seed: {
      ...integer('seed', 'Seed of the latents', { minValue: 0, maxValue: MAX_SEED }),
      default: 42,
    },
    start: {
      ...integer('start', 'Index of the first picture', { minValue: 0, maxValue: MAX_INDEX }),
      default: 0,
    },
    stops: {
      ...integer('stops', 'Pictures that it passes', { minValue: 2, maxValue: 1000 }),
      default: 4,
    },
    steps: {
      ...integer('steps', 'Steps from one to the next', { minValue: 1, maxValue: 1000 }),
      defaultDescription: '16, or 8 in a PNG',
    },
    class: {
      ...text('Class of all pictures, by name or number'),
      defaultDescription: "the first picture's, where there are classes",
    },
    fps: {
      ...integer('fps', 'Steps a second of a WebP', { minValue: 1, maxValue: 50 }),
      default: 12,
    },
    scale: { ...integer('scale', 'Size of a pixel', { minValue: 1, maxValue: 64 }), default: 4 },
    out: { ...text('File to write, .webp or .png'), alias: 'o', default: 'walk.webp' },
    device: SHARED.device,
    'time-limit': SHARED['time-limit'],
  },
  async run({ model, seed, start, stops, out, device, fps, scale, json, ...rest }) {
    const { class: given, 'time-limit': seconds } = rest;
    const ending = endingOf(out);
    if (!['webp', 'png'].includes(ending)) {
      throw new UsageError(`-o: expected a name that ends in .webp or .png, got ${quote(out)}`);
    }
    expectOutput(out, json);
    const animated = ending === 'webp';
    const { steps = animated ? 16 : 8 } = rest;
    const { sampler, device: used } = await loadGenerator(await readGiven(model), {
      device,
      timeLimitMs: seconds * 1000,
    });
    try {
      const label = given === undefined ? undefined : classIndex(given, sampler.metadata);
      const walk = { seed, start, stops, steps, closed: true, label };
      const images = await sampler.walk(walk);
      const bytes = animated
        ? await encodeAnimation(images, { fps, scale })
        : await encodeImages(images, 'png', { columns: steps, scale });
      return await deliver(out, bytes, {
        json: { file: out, seed, start, stops, steps, device: used },
        text: `${wrote(out)}: ${images.count} steps past pictures ${start} to ${start + stops - 1} of seed ${seed} and back, drawn on ${used}.`,
      });
    } finally {
      await sampler.close();
    }
  },
});
