import { quote } from '@ganport/model';
import { encodeAnimation, encodeImages, MAX_PIXELS } from '@ganport/sample/node';
import { command, UsageError } from '../command.ts';
import { DRAWING, withSampler } from '../drawing.ts';
import { integer, text } from '../flags.ts';
import { MODEL } from '../model-input.ts';
import { deliver, endingOf, expectPlace, wrote } from '../output.ts';

export const interpolate = command({
  usage: 'interpolate <model>',
  describe: 'Draw a walk from picture to picture: an animated WebP, or a PNG of its steps',
  examples: [
    ['interpolate runs/mlp', 'From picture 0 to 1, 2, 3 and back, walk.webp'],
    ['interpolate runs/mlp --stops 6 -o walk.png', 'A row for each way from one to the next'],
  ],
  arguments: { model: MODEL },
  flags: {
    ...DRAWING,
    stops: {
      ...integer('stops', 'Pictures that it passes', { minValue: 2, maxValue: 1000 }),
      default: 4,
    },
    steps: {
      ...integer('steps', 'Steps from one to the next', { minValue: 1, maxValue: 1000 }),
      defaultDescription: '16, or 8 in a PNG',
    },
    fps: {
      ...integer('fps', 'Steps a second of a WebP', { minValue: 1, maxValue: 50 }),
      default: 12,
    },
    scale: { ...integer('scale', 'Size of a pixel', { minValue: 1, maxValue: 64 }), default: 4 },
    out: { ...text('File to write, .webp or .png'), alias: 'o', default: 'walk.webp' },
  },
  async run({ seed, start, stops, truncation, out, fps, scale, ...wanted }, log) {
    const ending = endingOf(out);
    if (!['webp', 'png'].includes(ending)) {
      throw new UsageError(`-o: expected a name that ends in .webp or .png, got ${quote(out)}`);
    }
    expectPlace(out);
    const animated = ending === 'webp';
    const { steps = animated ? 16 : 8 } = wanted;
    return withSampler(wanted, log, async (sampler, { label, codes, device }) => {
      const { width, height } = sampler.metadata.image;
      const pixels = stops * steps * width * height * scale ** 2;
      if (pixels > MAX_PIXELS) {
        throw new Error(
          `${stops * steps} steps of ${width * scale} × ${height * scale} pixels are too large for ${ending}: expected at most ${MAX_PIXELS} pixels together, got ${pixels}: lower --stops, --steps or --scale`,
        );
      }
      const walk = { seed, start, stops, steps, truncation, closed: true };
      const images = await sampler.walk({ ...walk, label, codes });
      const bytes = animated
        ? await encodeAnimation(images, { fps, scale })
        : await encodeImages(images, 'png', { columns: steps, scale });
      return deliver(out, bytes, {
        json: { file: out, seed, start, stops, steps, truncation, device },
        text: `${wrote(out)}: ${images.count} steps past pictures ${start} to ${start + stops - 1} of seed ${seed} and back, drawn on ${device}.`,
      });
    });
  },
});
