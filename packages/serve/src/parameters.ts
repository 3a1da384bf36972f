/** What requests are made of: one schema gives a parameter's type, its check, and its place in openapi.json. */
import {
  MAX_INDEX,
  MAX_SEED,
  MAX_TRUNCATION,
  MIN_TRUNCATION,
  parseOrReason,
  parseWholeNumber,
} from '@ganport/model';
import { classIndex, parseCodes, type Sampler } from '@ganport/sample';
import * as z from 'zod';
import { HttpError } from './http-error.ts';

/**
 * Validates a request's parameters, or its body.
 * @throws HttpError 400 that names each that does not fit
 */
export function parseRequest<S extends z.ZodType>(schema: S, parameters: unknown): z.output<S> {
  const result = parseOrReason(schema, parameters);
  if ('data' in result) return result.data;
  const { reason, fields } = result;
  const message = reason.startsWith('expected') ? `the body: ${reason}` : reason;
  throw new HttpError(400, message, {}, fields[0]);
}

/** A parameter that spells a whole number in decimal digits, in the one way there is: not as 007. */
export function spelled(least: number, most: number) {
  return z
    .unknown()
    .transform((text, context): number => {
      const parsed = parseWholeNumber(text, least, most);
      if ('value' in parsed && String(parsed.value) === text) return parsed.value;
      const range = `expected a whole number from ${least} to ${most}`;
      const message = 'reason' in parsed ? range : 'expected no zeros in front';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ type: 'integer', minimum: least, maximum: most });
}

const SEED = 'Of the random numbers that pictures are drawn from';
const INDEX = 'Of a picture among those of its seed';

export const seed = z.int().min(0).max(MAX_SEED).meta({ description: SEED });
export const index = z.int().min(0).max(MAX_INDEX).meta({ description: INDEX });
export const spelledSeed = spelled(0, MAX_SEED).meta({ description: SEED, examples: [42] });
export const spelledIndex = spelled(0, MAX_INDEX).meta({ description: INDEX, examples: [0] });

/** Of a body. */
export const modelGiven = z.string().optional().meta({
  description: 'By its name, or the first 16 digits of its SHA-256; the address’s unless given',
});

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(...words: T) {
  return z.enum(words, {
    error: () => `expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  });
}

const TRUNCATION = 'Latents are drawn no further from 0 than this';

export const truncation = z
  .number()
  .min(MIN_TRUNCATION)
  .max(MAX_TRUNCATION)
  .meta({ description: TRUNCATION });

export const spelledTruncation = z
  .unknown()
  .transform((text, context): number => {
    const value = /^\d(\.\d{1,6})?$/.test(String(text)) ? Number(text) : Number.NaN;
    if (value >= MIN_TRUNCATION && value <= MAX_TRUNCATION) return value;
    const message = `expected a number from ${MIN_TRUNCATION} to ${MAX_TRUNCATION}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({
    type: 'number',
    minimum: MIN_TRUNCATION,
    maximum: MAX_TRUNCATION,
    description: TRUNCATION,
  });

/** Codes as a person writes them; `sample` checks which there are. */
export const spelledCodes = z
  .string()
  .transform((given, context) => {
    try {
      return parseCodes(given);
    } catch (error) {
      // Its name is said before it, and what was got after it.
      const message = (error as Error).message.replace(/^code: /, '').replace(/, got .*$/s, '');
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
  })
  .meta({
    description: 'Of an InfoGAN, codes that all pictures have',
    examples: ['digit=3,slant=-1.5'],
  });

export const codes = z.record(z.string(), z.number()).meta({
  description: 'Of an InfoGAN, codes that all pictures have: the index of a category, or a number',
});

/** A class of the generator's, by name or index; which there are, `labelOf` knows. */
export const classGiven = z
  .union([z.string(), z.int()], { error: () => 'expected a class by its name or index' })
  .meta({
    description: 'Of all pictures, by name or index; without it, they are of all classes in turns',
  });

/** @returns the index of a class that was asked for, if one was. @throws HttpError 400 for one that is not there */
export function labelOf(
  { metadata }: Pick<Sampler, 'metadata'>,
  given: string | number | undefined,
): number | undefined {
  if (given === undefined) return undefined;
  try {
    return classIndex(String(given), metadata);
  } catch (reason) {
    throw new HttpError(400, `class: ${(reason as Error).message}`, {}, 'class');
  }
}

/** What the addresses of pictures are made of, in the path or the query. */
const NAMES = ['seed', 'index', 'start', 'count', 'class', 'code', 'truncation', 'format', 'model'];

/** @throws HttpError 400 for a parameter that belongs to the path, or to another address */
export function expectOwn(query: object, own: readonly string[]): void {
  const other = NAMES.find((name) => Object.hasOwn(query, name) && !own.includes(name));
  if (!other) return;
  const but = own.length > 0 ? `, but ${own.join(', ')}` : '';
  throw new HttpError(400, `${other}: at this address a query has no such name${but}`);
}

/** @throws HttpError 400 for pictures that have no index */
export function expectIndices(start: number, count: number): void {
  if (start + count - 1 <= MAX_INDEX) return;
  throw new HttpError(
    400,
    `start + count: expected at most ${MAX_INDEX + 1}, got ${start + count}`,
    {},
    'start',
  );
}

/** @throws HttpError 400 for more pictures than a request may ask for; `what` they are counted by */
export function expectAtMost(most: number, pictures: number, what: string, remedy = ''): void {
  if (pictures <= most) return;
  const message = `${what}: expected at most ${most} pictures, got ${pictures}${remedy}`;
  throw new HttpError(400, message, {}, what);
}
