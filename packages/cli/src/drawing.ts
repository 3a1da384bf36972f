/** What commands that draw with a generator.onnx share. */
import { type ChosenCodes, MAX_INDEX, MAX_SEED, quote, truncationReason } from '@ganport/model';
import { classIndex, parseCodes, type Sampler } from '@ganport/sample';
import { type LoadOptions, loadGenerator } from '@ganport/sample/node';
import type { Log } from './command.ts';
import { UsageError } from './command.ts';
import { integer, SHARED, text } from './flags.ts';
import { readGiven } from './model-input.ts';

/** How far from 0 latents may be. */
export const TRUNCATION = {
  ...text('Largest number of a latent, such as 0.7: clearer pictures, less different'),
  defaultDescription: 'any',
  coerce(given: unknown): number {
    const value = String(given).trim() === '' ? Number.NaN : Number(given);
    const reason = truncationReason(value, quote(given));
    if (reason) throw new UsageError(`--truncation: ${reason}`);
    return value;
  },
} as const;

/** What all pictures of an InfoGAN have. */
const CODE = {
  ...text('Codes of all pictures, of a generator that has some, as digit=3,slant=-1.5'),
  coerce(given: unknown): ChosenCodes {
    try {
      return parseCodes(String(given));
    } catch (error) {
      throw new UsageError(`--${(error as Error).message}`);
    }
  },
} as const;

/** Which pictures, and where they are drawn. */
export const DRAWING = {
  seed: {
    ...integer('seed', 'Seed of the latents', { minValue: 0, maxValue: MAX_SEED }),
    default: 42,
  },
  start: {
    ...integer('start', 'Index of the first picture', { minValue: 0, maxValue: MAX_INDEX }),
    default: 0,
  },
  class: text('Class of all pictures, by name or number, where there are classes'),
  code: CODE,
  truncation: TRUNCATION,
  device: SHARED.device,
  'time-limit': SHARED['time-limit'],
} as const;

interface Drawing {
  model: string;
  device: LoadOptions['device'];
  'time-limit': number;
  class?: string | undefined;
  code?: ChosenCodes | undefined;
}

interface Drawn {
  /** Of all pictures, what was asked for. */
  label: number | undefined;
  codes: ChosenCodes | undefined;
  device: string;
}

/** Draws with the model that was named, and closes it. */
export async function withSampler<T>(
  { model, device, 'time-limit': seconds, class: given, code }: Drawing,
  log: Log,
  draw: (sampler: Sampler, drawn: Drawn) => Promise<T>,
): Promise<T> {
  const options = { device: device ?? 'auto', timeLimitMs: seconds * 1000 };
  const { sampler, device: used } = await loadGenerator(await readGiven(model, log), options);
  try {
    const label = given === undefined ? undefined : classIndex(given, sampler.metadata);
    return await draw(sampler, { label, codes: code, device: used });
  } finally {
    await sampler.close();
  }
}
