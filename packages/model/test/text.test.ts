import { expect, test } from 'vitest';
import { decodeText } from '../src/text.ts';

const TEXT = '{"name": "Ziffern – größer 😀"}';
const utf16 = Buffer.from(`\ufeff${TEXT}`, 'utf16le');

test.each<[string, Uint8Array]>([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with its mark', Buffer.from(`\ufeff${TEXT}`)],
  ['UTF-16', utf16],
  ['UTF-16 with the bytes swapped', Buffer.from(utf16).swap16()],
])('%s', (_, bytes) => {
  expect(decodeText(bytes, 'c.json')).toBe(TEXT);
});

test.each<[string, Uint8Array]>([
  ['a mark alone', Buffer.from('\ufeff')],
  ['nothing', new Uint8Array(0)],
])('%s is an empty text', (_, bytes) => {
  expect(decodeText(bytes, 'c.json')).toBe('');
});

test('only the first mark is none of the text', () => {
  expect(decodeText(Buffer.from('\ufeffa\ufeff'), 'c.json')).toBe('a\ufeff');
});

test.each<[string, Uint8Array, string]>([
  ['Latin-1', Buffer.from('{"name": "größer"}', 'latin1'), 'c.json is not UTF-8 text: save'],
  ['half a character', Buffer.from('é').subarray(0, 1), 'c.json is not UTF-8 text: save'],
  ['half of UTF-16', utf16.subarray(0, 5), 'c.json is not UTF-16LE text: save it as UTF-8'],
])('%s is none', (_, bytes, message) => {
  expect(() => decodeText(bytes, 'c.json')).toThrow(message);
});
