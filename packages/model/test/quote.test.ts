import { expect, test } from 'vitest';
import { quote } from '../src/quote.ts';

test('control characters never reach a terminal, whichever they are', () => {
  // CSI of ECMA-48 is one character too: U+009B, which JSON leaves as it is.
  expect(quote('a\u009b31mb\u001b[0m\u007f')).toBe('"a\\u009b31mb\\u001b[0m\\u007f"');
  expect(quote({ 'k\u0085': 1 })).toBe('{"k\\u0085":1}');
});

test('what is long is cut, before it is escaped', () => {
  expect(quote('\u009b'.repeat(200))).toBe(`"${'\\u009b'.repeat(80)}…"`);
  expect(quote(undefined)).toBe('nothing');
});
