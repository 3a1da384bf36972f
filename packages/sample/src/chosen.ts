/** What a person may choose of pictures: their class, their codes, how far from 0 their latents are. */
import {
  type ChosenCodes,
  chooseCodes,
  codesOf,
  codesReason,
  type GeneratorMetadata,
  parseWholeNumber,
  quote,
  rangeReason,
  truncationReason,
} from '@ganport/model';
import { SampleError } from './error.ts';

export function checkLabel(label: number, { classes }: GeneratorMetadata): void {
  if (!classes) throw new SampleError(NO_CLASSES);
  checkRange('label', label, 0, classes.length - 1);
}

export function checkTruncation(truncation: number | undefined): void {
  const reason = truncation === undefined ? undefined : truncationReason(truncation);
  if (reason) throw new SampleError(`truncation: ${reason}`);
}

/**
 * What puts codes into latents, in place.
 * @throws SampleError if a code is not there, or out of its range
 */
export function choosing(chosen: ChosenCodes, { codes: spec, latent }: GeneratorMetadata) {
  const codes = codesOf(spec);
  if (codes.length === 0 && Object.keys(chosen).length > 0) throw new SampleError(NO_CODES);
  const reason = codesReason(codes, chosen);
  if (reason) throw new SampleError(reason);
  return (latents: Float32Array): Float32Array => {
    chooseCodes(latents, latent.size, codes, chosen);
    return latents;
  };
}

const NO_CODES =
  'this generator was trained without codes: none can be asked for (a network with "codes" has some)';

/**
 * Codes as a person writes them, "digit=3,slant=-1.5": `sample` checks which there are.
 * @throws SampleError for what is not a list of names and numbers, or names one twice
 */
export function parseCodes(given: string): ChosenCodes {
  const pairs = given.split(',').map((part) => {
    const [, name, value] = /^([A-Za-z][\w-]*)=(-?\d+(?:\.\d+)?)$/.exec(part) ?? [];
    if (name !== undefined) return [name, Number(value)] as const;
    throw new SampleError(
      `code: expected names and numbers, such as digit=3,slant=-1.5, got ${quote(part)}`,
    );
  });
  const codes = Object.fromEntries(pairs);
  if (Object.keys(codes).length === pairs.length) return codes;
  throw new SampleError(`code: expected each name once, got ${quote(given)}`);
}

const NO_CLASSES =
  'this generator was trained without classes: none can be asked for (`ganport train --preset cdcgan` trains one with)';

/**
 * The index of a class that a person named: by its name, or else its index.
 * @throws SampleError that lists the names
 */
export function classIndex(given: string, { classes }: GeneratorMetadata): number {
  if (!classes) throw new SampleError(NO_CLASSES);
  const named = classes.indexOf(given);
  if (named >= 0) return named;
  const index = parseWholeNumber(given, 0, classes.length - 1);
  if ('value' in index) return index.value;
  const listed = classes.length > 12 ? `${classes.slice(0, 12).join(', ')}, …` : classes.join(', ');
  const last = classes.length - 1;
  const numbered = classes.every((name, i) => name === String(i));
  const expected = numbered
    ? `a number from 0 to ${last}`
    : `${listed}, or an index from 0 to ${last}`;
  throw new SampleError(`there is no class ${quote(given)}: expected ${expected}`);
}

export function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new SampleError(`${name}: ${rangeReason(least, most, value)}`);
  }
}
