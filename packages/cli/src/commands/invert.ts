import { type Images, quote } from '@ganport/model';
import { classIndex } from '@ganport/sample';
import { encodeImages, loadGenerator } from '@ganport/sample/node';
import { type Inverted, type InvertProgress, invert, readPicture } from '@ganport/train';
import { command, type Log, UsageError } from '../command.ts';
import { DRAWING } from '../drawing.ts';
import { figure } from '../figure.ts';
import { argument, integer, number, text } from '../flags.ts';
import { exitCodeOf, interruptible } from '../interruption.ts';
import { MODEL, readGiven } from '../model-input.ts';
import { deliver, endingOf, expectOther, expectOutput, expectPlace, wrote } from '../output.ts';

/** Of Adam's first step, in a space whose numbers are about 1. */
const LEARNING_RATE = 0.2;

export const invertCommand = command({
  usage: 'invert <model> <picture>',
  describe: 'Find the latent whose picture is nearest to a given one',
  examples: [
    ['invert runs/quick three.png -o both.png', 'The picture beside what the model draws for it'],
    ['invert model.onnx three.png --json', 'The latent, and how far its picture is'],
  ],
  arguments: {
    model: MODEL,
    picture: argument(
      'A PNG, JPEG, WebP or AVIF file; its middle is taken, in the size of the model',
    ),
  },
  flags: {
    starts: {
      ...integer('starts', 'Latents that are searched from; the nearest is kept', {
        minValue: 1,
        maxValue: 256,
      }),
      default: 8,
    },
    steps: {
      ...integer('steps', 'Steps of each', { minValue: 1, maxValue: 100_000 }),
      default: 500,
    },
    prior: {
      ...number('prior', 'How much latents are kept near those of samples', {
        minValue: 0,
        maxValue: 1000,
      }),
      default: 0.002,
    },
    seed: { ...DRAWING.seed, describe: 'Seed of the latents that are searched from' },
    class: text('Its class, by name or number, where there are classes; all are tried without'),
    scale: { ...integer('scale', 'Size of a pixel', { minValue: 1, maxValue: 64 }), default: 4 },
    out: { ...text('PNG to write: given and found, side by side'), alias: 'o' },
    device: DRAWING.device,
    'time-limit': DRAWING['time-limit'],
  },
  async run({ out, json, scale, starts, steps, prior, seed, class: asked, ...wanted }, log) {
    if (out !== undefined) {
      expectOutput(out, json);
      if (!['png', ''].includes(endingOf(out))) {
        throw new UsageError(`-o: expected a name that ends in .png, got ${quote(out)}`);
      }
      expectPlace(out);
      expectOther(out, wanted.picture);
    }
    const options = { device: wanted.device, timeLimitMs: wanted['time-limit'] * 1000 };
    const given = await readGiven(wanted.model, log);
    const { sampler, device, file: model } = await loadGenerator(given, options);
    try {
      const { classes, image } = sampler.metadata;
      const labels = asked === undefined ? undefined : [classIndex(asked, sampler.metadata)];
      const picture = await readPicture(wanted.picture, image);
      return await interruptible(async (signal) => {
        log(`Searching from ${starts} latents, ${steps} steps, by ${sampler.description}`);
        const found = await invert({
          ...{ model, picture, device, starts, steps, prior, seed, labels, signal },
          learningRate: LEARNING_RATE,
          draw: async (latents, labels) => (await sampler.draw({ latents, labels, signal })).data,
          onStep: progress(log, classes),
        }).catch((error: unknown) => {
          if (signal.aborted) return undefined;
          if (error instanceof Error) error.message = `${given.path}: ${error.message}`;
          throw error;
        });
        if (!found) {
          const told = 'Stopped before the end: nothing is found yet.';
          return { json: { interrupted: true }, text: told, exitCode: exitCodeOf(signal) };
        }
        const name = found.label === undefined ? undefined : classes![found.label]!;
        const result = {
          json: {
            ...(out !== undefined && { file: out }),
            picture: wanted.picture,
            ...(name !== undefined && { class: name }),
            ...{ rmse: found.rmse, mse: found.mse, seed, start: found.start, steps, device },
            z: Array.from(found.z),
          },
          text: toText(found, { out, name, picture: wanted.picture }),
        };
        if (out === undefined) return result;
        return deliver(
          out,
          await encodeImages(pair(picture, found, image), 'png', { scale }),
          result,
        );
      });
    } finally {
      await sampler.close();
    }
  },
});

function pair(
  picture: Uint8Array,
  found: Inverted,
  { width, height, channels }: Pick<Images, 'width' | 'height' | 'channels'>,
): Images {
  return { count: 2, width, height, channels, data: Buffer.concat([picture, found.picture]) };
}

/** Distances are told in levels, which a person can see. */
function toText(
  { rmse, mse, start }: Inverted,
  { out, name, picture }: { out: string | undefined; name: string | undefined; picture: string },
): string {
  const of = name === undefined ? '' : `of class ${name}, `;
  const far = `${figure(rmse, 3)} levels of 255 from ${picture} (root mean square; the mean square is ${figure(mse, 3)} in −1…1)`;
  const file = out === undefined ? '' : `${wrote(out)}: given and found. `;
  return `${file}The nearest picture, ${of}found from start ${start}, is ${far}. --json gives its latent.`;
}

/** Between lines of progress, in milliseconds. */
const LINE_EVERY_MS = 5000;

function progress(log: Log, classes: readonly string[] | undefined) {
  let told = performance.now();
  return ({ step, steps, label, mse }: InvertProgress): void => {
    const now = performance.now();
    if (now - told < LINE_EVERY_MS) return;
    told = now;
    const of = label === undefined ? '' : `, class ${classes![label]}`;
    log(`step ${step}/${steps}${of}: ${figure(Math.sqrt(mse) * 127.5, 3)} levels`);
  };
}
