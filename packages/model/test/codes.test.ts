/** What an InfoGAN's codes are to its layers, and how some are chosen. */
import { expect, test } from 'vitest';
import { chooseCodes, codesOf, codesReason, codesSpec } from '../src/codes.ts';
import { type NetworkSpec, resolveNetwork } from '../src/network.ts';
import { runNetwork } from './run-network.ts';

const SPEC = { kind: { categories: 3 }, slant: 'normal', size: { categories: 2 } } as const;
const CODES = codesOf(SPEC);
const generator = (spec: Partial<NetworkSpec> = {}) =>
  resolveNetwork(
    { inputs: { z: [7] }, codes: SPEC, layers: [{ type: 'reshape', shape: [7] }], ...spec },
    'generator',
  );

test('lie at the beginning of z, in order, and are as JSON had them', () => {
  expect(CODES).toEqual([
    { name: 'kind', start: 0, size: 3 },
    { name: 'slant', start: 3, size: 1 },
    { name: 'size', start: 4, size: 2 },
  ]);
  expect(codesSpec(CODES)).toEqual(SPEC);
});

test('of a category, layers see which number is the largest, and of others the numbers', async () => {
  const z = { shape: [2, 7], data: [0.5, -1, 2, 0.25, -3, -2, 9, -0.5, -0.25, -4, -1.5, 1, 0, -9] };
  const { output } = await runNetwork(generator(), { z }, {}, { training: false });
  const expected = [0, 0, 1, 0.25, 0, 1, 9, 0, 1, 0, -1.5, 1, 0, -9];
  expect([...(output!.data as Float32Array)]).toEqual(expected);
});

test('that are chosen change places with the largest, or are set', () => {
  const z = Float32Array.of(0.5, -1, 2, 0.25, -3, -2, 9, -0.5, -0.25, -4, -1.5, 1, 0, -9);
  chooseCodes(z, 7, CODES, { kind: 1, slant: -1.25 });
  expect([...z]).toEqual([0.5, 2, -1, -1.25, -3, -2, 9, -0.5, -0.25, -4, -1.25, 1, 0, -9]);
});

test('that are called as what every object has are none that was chosen', () => {
  const z = Float32Array.of(0.5, -1);
  const codes = ['constructor', 'toString'].map((name, start) => ({ name, start, size: 1 }));
  chooseCodes(z, 2, codes, JSON.parse('{"toString":2}'));
  expect([...z]).toEqual([0.5, 2]);
});

test.each([
  [{}, undefined],
  [{ kind: 2, slant: -6 }, undefined],
  [{ kind: 3 }, 'code "kind": expected an integer from 0 to 2, got 3'],
  [{ kind: 0.5 }, 'code "kind": expected an integer from 0 to 2, got 0.5'],
  [{ kind: Number.NaN }, 'code "kind": expected an integer from 0 to 2, got NaN'],
  [{ slant: 1e9 }, 'code "slant": expected a number from −6 to 6, got 1000000000'],
  [{ slant: Number.NaN }, 'code "slant": expected a number from −6 to 6, got NaN'],
  [{ digit: 1 }, 'there is no code "digit": expected kind, slant, size'],
])('%j: %s', (chosen, reason) => {
  expect(codesReason(CODES, chosen as Record<string, number>)).toBe(reason);
});

test.each<[string, Partial<NetworkSpec>, string]>([
  [
    'more than z has numbers',
    { inputs: { z: [5] }, layers: [{ type: 'tanh' }] },
    'generator: its codes are the first 6 numbers of an input "z": expected "z": [6] or more, got [5]',
  ],
  ['no z', { inputs: { image: [7] } }, 'expected "z": [6] or more, got none'],
  ['one category', { codes: { kind: { categories: 1 } } }, 'expected'],
  [
    'another kind',
    { codes: { kind: 'uniform' as never } },
    'codes.kind: expected "normal", got "uniform"',
  ],
  ['an output by name', { codes: { classes: 'normal' } }, 'expected another name'],
  ['a number for a name', { codes: { 7: 'normal' } }, 'a letter first'],
])('codes are refused: %s', (_, spec, message) => {
  expect(() => generator(spec)).toThrow(message);
});
