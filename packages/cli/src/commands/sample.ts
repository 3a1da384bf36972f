import { MAX_INDEX, quote } from '@ganport/model';
import { MAX_COUNT } from '@ganport/sample';
import { encodeImages, IMAGE_FORMATS, type ImageFormat } from '@ganport/sample/node';
import { command, UsageError } from '../command.ts';
import { DRAWING, withSampler } from '../drawing.ts';
import { choice, integer, text } from '../flags.ts';
import { MODEL } from '../model-input.ts';
import { deliver, endingOf, expectOutput, wrote } from '../output.ts';

/** Pixels of 28 × 28 pictures are then larger than any screen. */
const MAX_SCALE = 64;

export const sample = command({
  usage: 'sample <model>',
  describe: 'Draw pictures with a generator.onnx',
  examples: [
    ['sample runs/mlp', 'With its generator.onnx: a grid of 64, samples.png'],
    ['sample model.onnx --count 9 -o nine.npy', 'uint8 [9, H, W, C] for NumPy'],
    ['sample model.onnx --start 12 --count 1', 'Picture 12 alone'],
  ],
  arguments: { model: MODEL },
  flags: {
    ...DRAWING,
    count: {
      ...integer('count', 'How many pictures', { minValue: 1, maxValue: MAX_COUNT }),
      default: 64,
    },
    format: {
      ...choice('PNG and WebP hold a grid', IMAGE_FORMATS),
      defaultDescription: "the file's ending, else png",
    },
    scale: {
      ...integer('scale', 'Size of a pixel in PNG and WebP', {
        minValue: 1,
        maxValue: MAX_SCALE,
      }),
      default: 2,
    },
    out: {
      ...text('File to write; - is standard output'),
      alias: 'o',
      defaultDescription: 'samples.FORMAT',
    },
  },
  async run({ seed, start, count, scale, truncation, json, ...wanted }) {
    const format = formatFor(wanted.out, wanted.format);
    const { out = `samples.${format}` } = wanted;
    expectOutput(out, json);
    if (start + count - 1 > MAX_INDEX) {
      throw new UsageError(
        `--start and --count: expected at most ${MAX_INDEX + 1} together, got ${start + count}`,
      );
    }
    return withSampler(wanted, async (sampler, { label, codes, device }) => {
      const images = await sampler.sample({ seed, start, count, label, codes, truncation });
      const bytes = await encodeImages(images, format, { scale });
      const last = start + count - 1;
      const pictures = count === 1 ? `picture ${start}` : `pictures ${start} to ${last}`;
      return deliver(out, bytes, {
        json: { file: out, seed, start, count, truncation, format, device },
        text: `${wrote(out)}: ${pictures} of seed ${seed}, drawn on ${device}.`,
      });
    });
  },
});

/** @throws UsageError if a file's name promises another format than is asked for, or than there is */
function formatFor(out = '', asked?: ImageFormat): ImageFormat {
  const ending = endingOf(out);
  if (ending === '') return asked ?? 'png';
  const named = IMAGE_FORMATS.find((format) => format === ending);
  if (asked === 'raw' && !named) return asked;
  if (!named) {
    const endings = `.${IMAGE_FORMATS.join(', .')}`;
    throw new UsageError(
      `-o: expected a name that ends in ${endings} or has no ending, got ${quote(out)}`,
    );
  }
  if (asked && asked !== named) {
    throw new UsageError(
      `--format is ${asked}, but ${quote(out)} ends in .${named}: leave one out`,
    );
  }
  return named;
}
