import {
  decodeText,
  type FoundLatent,
  type Images,
  MAX_INDEX,
  parseFoundLatent,
  quote,
} from '@ganport/model';
import { readFileWithin } from '@ganport/model/node';
import { MAX_COUNT, type Sampler } from '@ganport/sample';
import { encodeImages, IMAGE_FORMATS, type ImageFormat } from '@ganport/sample/node';
import { command, UsageError } from '../command.ts';
import { DRAWING, withSampler } from '../drawing.ts';
import { choice, given, integer, text, withoutDefault } from '../flags.ts';
import { MODEL } from '../model-input.ts';
import { deliver, endingOf, expectOutput, expectPlace, wrote } from '../output.ts';

/** Pictures unless as many are asked for. */
const COUNT = 64;
/** Pixels of 28 × 28 pictures are then larger than any screen. */
const MAX_SCALE = 64;

export const sample = command({
  usage: 'sample <model>',
  describe: 'Draw pictures with a generator.onnx',
  examples: [
    ['sample runs/mlp', 'With its generator.onnx: a grid of 64, samples.png'],
    ['sample model.onnx --count 9 -o nine.npy', 'uint8 [9, H, W, C] for NumPy'],
    ['sample model.onnx --z found.json', 'What `ganport invert` found'],
    ['sample model.onnx --start 12 --count 1', 'Picture 12 alone'],
  ],
  arguments: { model: MODEL },
  flags: {
    ...DRAWING,
    seed: withoutDefault(DRAWING.seed),
    start: withoutDefault(DRAWING.start),
    count: {
      ...integer('count', 'How many pictures', { minValue: 1, maxValue: MAX_COUNT }),
      defaultDescription: String(COUNT),
    },
    format: {
      ...choice('PNG and WebP hold a grid', IMAGE_FORMATS),
      defaultDescription: "the file's ending, else png",
    },
    z: text('JSON of `ganport invert --json`, whose latent is drawn in place of a seed’s'),
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
  async run({ scale, truncation, json, ...wanted }, log) {
    const format = formatFor(wanted.out, wanted.format);
    const { out = `samples.${format}` } = wanted;
    expectOutput(out, json);
    if (wanted.z !== undefined) expectNoSeeds({ ...wanted, truncation });
    const { seed = DRAWING.seed.default, start = DRAWING.start.default, count = COUNT } = wanted;
    if (start + count - 1 > MAX_INDEX) {
      throw new UsageError(
        `--start and --count: expected at most ${MAX_INDEX + 1} together, got ${start + count}`,
      );
    }
    expectPlace(out);
    if (wanted.z !== undefined) {
      const path = wanted.z;
      const found = await readFoundLatent(path);
      const named = { ...wanted, class: wanted.class ?? found.class };
      return withSampler(named, log, async (sampler, { label, device }) => {
        const images = await drawFound(sampler, found, { label, path });
        return deliver(out, await encodeImages(images, format, { scale }), {
          json: { file: out, z: path, count: 1, format, device },
          text: `${wrote(out)}: the latent of ${path}, drawn on ${device}.`,
        });
      });
    }
    return withSampler(wanted, log, async (sampler, { label, codes, device }) => {
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

/** What makes a latent of a seed, for which a latent that is given has no use. @throws UsageError */
function expectNoSeeds(wanted: {
  seed?: number | undefined;
  start?: number | undefined;
  count?: number | undefined;
  code?: unknown;
  truncation?: number | undefined;
}): void {
  const { seed, start, count, code, truncation } = wanted;
  const more = count === 1 ? undefined : count;
  const flags = Object.keys(given({ seed, start, count: more, code, truncation }));
  if (flags.length === 0) return;
  throw new UsageError(
    `--z draws one picture, of the latent in the file: leave out --${flags.join(' and --')}`,
  );
}

/** Larger than any: a number takes some twenty characters. */
const MAX_LATENT_BYTES = 2 ** 22;

async function readFoundLatent(path: string): Promise<FoundLatent> {
  const bytes = await readFileWithin(path, MAX_LATENT_BYTES);
  return parseFoundLatent(decodeText(bytes, path), path);
}

async function drawFound(
  { metadata, draw }: Sampler,
  { z }: FoundLatent,
  { label, path }: { label: number | undefined; path: string },
): Promise<Images> {
  const { size } = metadata.latent;
  if (z.length !== size) {
    throw new Error(`${path}: its latent has ${z.length} numbers, expected ${size} of this model`);
  }
  if (metadata.classes && label === undefined) {
    throw new Error(`${path} names no class, of which this model takes one: give it by --class`);
  }
  const labels = label === undefined ? undefined : [label];
  return draw({ latents: Float32Array.from(z), labels });
}

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
