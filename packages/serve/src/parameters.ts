/** What requests are made of: one schema gives a parameter's type, its check and its words. */
import {
  MAX_INDEX,
  MAX_SEED,
  parseWholeNumber,
  quote,
  rangeReason,
  truncationReason,
} from '@ganport/model';
import { classIndex, parseCodes, type Sampler } from '@ganport/sample';
import * as z from 'zod';
import { HttpError } from './http-error.ts';

/** Validates a request's parameters. @throws HttpError 400 that names each that does not fit. */
export function parseRequest<S extends z.ZodType>(schema: S, parameters: unknown): z.output<S> {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data;
  const reasons = result.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new HttpError(400, [...new Set(reasons)].join('; '));
}

/** A parameter that spells a whole number in decimal digits, in the one way there is: not as 007. */
export function spelled(least: number, most: number) {
  return z.unknown().transform((text, context): number => {
    const parsed = parseWholeNumber(text, least, most);
    if ('value' in parsed && String(parsed.value) === text) return parsed.value;
    const padded = `expected no zeros in front, got ${quote(text)}`;
    const message = 'reason' in parsed ? parsed.reason : padded;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A whole number of a JSON body. */
export function whole(least: number, most: number) {
  const error = ({ input }: { input?: unknown }) => rangeReason(least, most, quote(input));
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export const seed = whole(0, MAX_SEED);
export const index = whole(0, MAX_INDEX);

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(...words: T) {
  const expected = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return z.enum(words, { error: ({ input }) => `expected ${expected}, got ${quote(input)}` });
}

/** A bound of latents: a number of a JSON body, or one that digits spell. */
const bound = (numberOf: (given: unknown) => number) =>
  z.unknown().transform((given, context): number => {
    const value = numberOf(given);
    const message = truncationReason(value, quote(given));
    if (message === undefined) return value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

export const truncation = bound((given) => (typeof given === 'number' ? given : Number.NaN));

export const spelledTruncation = bound((text) =>
  /^\d(\.\d{1,6})?$/.test(String(text)) ? Number(text) : Number.NaN,
);

/** Codes as a person writes them; `sample` checks which there are. */
export const spelledCodes = z.string().transform((given, context) => {
  try {
    return parseCodes(given);
  } catch (error) {
    // Its name is said before it.
    const message = (error as Error).message.replace(/^code: /, '');
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

/** A class of the generator's, by name or index; it becomes an index. */
export function classOf({ metadata }: Sampler) {
  const error = ({ input }: { input?: unknown }) =>
    `expected a class by its name or index, got ${quote(input)}`;
  return z.union([z.string(), z.int()], { error }).transform((given, context): number => {
    try {
      return classIndex(String(given), metadata);
    } catch (reason) {
      context.addIssue({ code: 'custom', message: (reason as Error).message });
      return z.NEVER;
    }
  });
}

/** @throws HttpError 400 for pictures that have no index */
export function expectIndices(start: number, count: number): void {
  if (start + count - 1 <= MAX_INDEX) return;
  throw new HttpError(
    400,
    `start + count: expected at most ${MAX_INDEX + 1}, got ${start + count}`,
  );
}
