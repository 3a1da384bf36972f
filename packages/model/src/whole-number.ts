/** Whole numbers as people type them: flags, query parameters, a page's fields. */
import { quote } from './error.ts';

/** 16 digits reach 2^53 − 1; anything longer is out of every range. */
const DIGITS = /^\d{1,16}$/;

/**
 * The whole number that a text spells in decimal digits, from `least` ≥ 0 to `most` < 2^53; or why it
 * spells none, in one line: `expected an integer from 1 to 9, got "x"`.
 */
export function parseWholeNumber(
  text: unknown,
  least: number,
  most: number,
): { value: number } | { reason: string } {
  const value = typeof text === 'string' && DIGITS.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { value };
  return { reason: rangeReason(least, most, quote(text)) };
}

/** What is said of a number out of its range; `got` as it is to be shown. */
export function rangeReason(least: number, most: number, got: string | number): string {
  return `expected an integer from ${least} to ${most}, got ${got}`;
}
