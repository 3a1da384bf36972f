import { expect, test } from 'vitest';
import { OnnxError } from '../src/error.ts';
import { printable } from '../src/text.ts';

test.each([
  ['plain names of any script', 'Größe 图像 😀 a\\b', 'Größe 图像 😀 a\\b'],
  ['an escape sequence', '\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
  ['lines and a bell', 'a\r\nb\tc\x07\x7f', 'a\\x0d\\x0ab\\x09c\\x07\\x7f'],
  ['the second set of controls', '\x9b31m', '\\x9b31m'],
  ['separators of lines', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['directions of writing', 'a\u202egpj.exe\u2066', 'a\\u202egpj.exe\\u2066'],
  ['bytes that are not UTF-8', '\udcb0\udca1', '\\xb0\\xa1'],
  ['surrogates alone', 'a\ud800b', 'a\\ud800b'],
])('prints %s', (_, text, expected) => {
  expect(printable(text)).toBe(expected);
  expect(printable(expected)).toBe(expected);
});

test('errors are printable and not endless', () => {
  const { message } = new OnnxError(`node "${'n'.repeat(1e6)}" has no op type`);
  expect(message).toHaveLength(501);
  expect(message).toMatch(/^node "n+…n+" has no op type$/);
  expect(new OnnxError('node "\x1b]0;title\x07"').message).toBe('node "\\x1b]0;title\\x07"');
});
