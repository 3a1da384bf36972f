import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../src/error.ts';
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from '../src/json.ts';

test('whatever JSON has, it is parsed as JSON.parse does', () => {
  const texts = fc.json({ stringUnit: 'binary', maxDepth: 5 });
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(!text.includes('"__proto__"'));
      expect(parseJson(text, 'x')).toEqual(JSON.parse(text));
    }),
    { seed: 9 },
  );
});

test.each([
  ['brackets and commas in strings', JSON.stringify(Array(99).fill('[{,"\\'.repeat(99)))],
  ['strings that end in backslashes', JSON.stringify(['\\', '\\\\', '"\\"'])],
  ['as many values as may be', JSON.stringify(Array(MAX_JSON_VALUES - 1).fill(0))],
  ['as many levels as may be', `${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}`],
])('%s are within the limits', (_, text) => {
  expect(parseJson(text, 'x')).toEqual(JSON.parse(text));
});

test.each([
  ['values', JSON.stringify(Array(MAX_JSON_VALUES).fill(0)), MAX_JSON_VALUES],
  ['empty objects', `[${'{},'.repeat(MAX_JSON_VALUES)}{}]`, MAX_JSON_VALUES],
  ['levels', '['.repeat(MAX_JSON_DEPTH + 1), MAX_JSON_DEPTH],
  ['levels after a string', `["\\\\",${'{"a":'.repeat(1000)}`, MAX_JSON_DEPTH],
])('too many %s are refused before they are parsed', (_, text, limit) => {
  expect(() => parseJson(text, 'x.json')).toThrow(
    new RegExp(`^x\\.json: expected JSON of at most ${limit} (values|levels), got more$`),
  );
});

test.each(['', '"', '"\\', '[1', '{"a":\u0007}'])('%j is no JSON', (text) => {
  expect(() => parseJson(text, 'x.json')).toThrow(/^x\.json is not JSON: \P{Cc}+$/u);
});

test.each(['{"__proto__":1}', '[{"codes":{"a":1,"\\u005f_proto__":"normal"}}]'])(
  'the name in %s is refused, which schemas would pass over',
  (text) => {
    expect(() => parseJson(text, 'x.json')).toThrow(
      'x.json: "__proto__" is no name: choose another',
    );
  },
);
