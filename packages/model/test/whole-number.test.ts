import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_SEED, parseWholeNumber } from '../src/index.ts';

test.each([
  ['0', 0],
  ['007', 7],
  ['9007199254740991', MAX_SEED],
])('%j is a number', (text, value) => {
  expect(parseWholeNumber(text, 0, MAX_SEED)).toEqual({ value });
});

test.each([
  ['', '""'],
  ['-1', '"-1"'],
  ['1e3', '"1e3"'],
  ['1.0', '"1.0"'],
  [' 1', '" 1"'],
  ['٣', '"٣"'],
  ['9007199254740992', '"9007199254740992"'],
  ['1\n2', '"1\\n2"'],
  [undefined, 'nothing'],
  [1, '1'],
  [['1', '2'], '["1","2"]'],
  ['9'.repeat(1000), `"${'9'.repeat(80)}…"`],
])('%j is none', (text, got) => {
  const reason = `expected an integer from 0 to ${MAX_SEED}, got ${got}`;
  expect(parseWholeNumber(text, 0, MAX_SEED)).toEqual({ reason });
});

test('both ends of a range belong to it, and its neighbours do not', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), (least, size) => {
      const most = least + size;
      for (const value of [least, most]) {
        expect(parseWholeNumber(String(value), least, most)).toEqual({ value });
      }
      for (const value of [least - 1, most + 1]) {
        expect(parseWholeNumber(String(value), least, most)).toHaveProperty('reason');
      }
    }),
    { seed: 1 },
  );
});
