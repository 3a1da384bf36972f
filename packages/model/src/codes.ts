/**
 * Codes of an InfoGAN (Chen et al. 2016): what the first numbers of a generator's z mean to it, in order. A
 * category is the place of the largest of as many normal numbers, so all are as likely; layers see 1 there and 0
 * elsewhere. Thus z stays one vector of normal numbers, whatever its codes.
 */
import { ops as op, type Value } from '@ganport/onnx';
import type { CodesSpec } from './codes-schema.ts';
import { quote } from './quote.ts';
import { rangeReason } from './whole-number.ts';

export interface Code {
  name: string;
  /** Where its numbers begin in z. */
  start: number;
  /** As many numbers as there are categories; 1 for a number of a normal distribution. */
  size: number;
}

export function codesOf(spec: CodesSpec = {}): Code[] {
  let start = 0;
  return Object.entries(spec).map(([name, kind]) => {
    const size = kind === 'normal' ? 1 : kind.categories;
    start += size;
    return { name, start: start - size, size };
  });
}

/** Codes as JSON has them. */
export function codesSpec(codes: readonly Code[]): CodesSpec {
  return Object.fromEntries(
    codes.map(({ name, size }) => [name, size === 1 ? 'normal' : { categories: size }]),
  );
}

/** Values of the codes in z [N, size], by name: [N, categories] of 0 and 1, or numbers [N, 1]. */
export function codeValues(latents: Value, codes: readonly Code[]): Record<string, Value> {
  const values = split(latents, codes);
  return Object.fromEntries(codes.map(({ name }, i) => [name, values[i]!]));
}

/** What layers get of z [N, size]. */
export function codedLatents(latents: Value, codes: readonly Code[]): Value {
  return codes.every(({ size }) => size === 1) ? latents : op.Concat(split(latents, codes), 1);
}

/** The codes' values, and the rest of z. */
function split(latents: Value, codes: readonly Code[]): Value[] {
  const sizes = codes.map(({ size }) => size);
  const rest = (latents.shape[1] as number) - sizes.reduce((a, b) => a + b, 0);
  const parts = op.Split(latents, rest > 0 ? [...sizes, rest] : sizes, 1);
  return parts.map((part, i) => ((sizes[i] ?? 1) > 1 ? largest(part) : part));
}

/** 1 at the largest number of each row of x [N, size], 0 elsewhere. */
function largest(x: Value): Value {
  const [count, size] = x.shape;
  const most = op.GlobalMaxPool(op.Reshape(x, [count!, 1, size!, 1]));
  return op.Cast(op.Equal(x, op.Reshape(most, [count!, 1])), 'float32');
}

/** Numbers of a normal distribution are hardly ever further from 0: nothing was learnt of such. */
const MAX_NUMBER = 6;

/** Codes that are asked for, by name: the index of a category, or a number from −6 to 6. */
export type ChosenCodes = Readonly<Record<string, number>>;

/** Why they cannot be had, in one line; nothing where they can. */
export function codesReason(codes: readonly Code[], chosen: ChosenCodes): string | undefined {
  for (const [name, value] of Object.entries(chosen)) {
    const code = codes.find((each) => each.name === name);
    if (!code) {
      const names = codes.map((each) => each.name).join(', ');
      return `there is no code ${quote(name)}: expected ${names}`;
    }
    const { size } = code;
    if (size > 1 && !(Number.isInteger(value) && value >= 0 && value < size)) {
      return `code ${quote(name)}: ${rangeReason(0, size - 1, value)}`;
    }
    if (!(Math.abs(value) <= MAX_NUMBER) && size === 1) {
      return `code ${quote(name)}: expected a number from −${MAX_NUMBER} to ${MAX_NUMBER}, got ${value}`;
    }
  }
  return undefined;
}

/**
 * Puts codes that `codesReason` has nothing against into latents [N, size], in place. The largest number of a
 * category's changes places with that which is asked for, so that z is as likely as before.
 */
export function chooseCodes(
  latents: Float32Array,
  size: number,
  codes: readonly Code[],
  chosen: ChosenCodes,
): void {
  for (const code of codes) {
    // A code may be called "constructor".
    if (!Object.hasOwn(chosen, code.name)) continue;
    const value = chosen[code.name]!;
    for (let row = code.start; row < latents.length; row += size) {
      if (code.size === 1) {
        latents[row] = value;
        continue;
      }
      const numbers = latents.subarray(row, row + code.size);
      const most = numbers.indexOf(Math.max(...numbers));
      [numbers[most], numbers[value]] = [numbers[value]!, numbers[most]!];
    }
  }
}
