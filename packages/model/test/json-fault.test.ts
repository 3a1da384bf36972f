/** What is told of a text that is not JSON; that it is none is JSON.parse's to say. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../src/json-fault.ts';

test.each<[string, string, string]>([
  [
    'a comment on a line',
    '{\n  "steps": 3, // more\n  "a": 1\n}',
    'line 2, column 15: a comment, ',
  ],
  ['a comment before all', '// mine\n{}', 'line 1, column 1: a comment, '],
  ['a comment after all', '{}\r\n# end', 'line 2, column 1: a comment, '],
  ['a comment between', '[1, /* two */ 2]', 'line 1, column 5: a comment, '],
  [
    'a comma after the last name',
    '{\n  "a": 1,\n}',
    'line 2, column 9: a comma after the last entry',
  ],
  ['a comma after the last item', '[[1, 2], [3,\n ]]', 'line 1, column 12: a comma after the last'],
  ['two commas', '[1,, 2]', 'line 1, column 4: expected a value, got ","'],
  ['a comma alone', '[,]', 'line 1, column 2: expected a value or ], got ","'],
  ['no comma', '{"a": 1 "b": 2}', 'line 1, column 9: expected , or }, got "\\""'],
  ['no comma in a list', '[1 2]', 'line 1, column 4: expected , or ], got "2"'],
  [
    'single quotes',
    "{'a': 1}",
    'column 2: expected a name in double quotes or }, got a single quote',
  ],
  ['a bare name', '{steps: 1}', 'column 2: expected a name in double quotes or }, got "steps"'],
  ['an equals sign', '{"a" = 1}', 'column 6: expected :, got "="'],
  ['Python’s True', '{"a": True}', 'column 7: expected a value, got "True"'],
  ['NaN', '[NaN]', 'column 2: expected a value or ], got "NaN"'],
  ['a number that is none', '[1.]', 'column 2: expected a value or ], got "1."'],
  ['a leading zero', '[007]', 'column 2: expected a value or ], got "007"'],
  ['a path of Windows', '{"a": "C:\\data"}', 'column 7: a text that does not end on its line, or'],
  ['a text on two lines', '["a\nb"]', 'column 2: a text that does not end on its line, or'],
  ['a bracket that closes another', '{"a": [1}', 'column 9: expected , or ], got "}"'],
  [
    'an end that is missing',
    '{"steps": 3,',
    'column 13: expected a name in double quotes, got the end',
  ],
  ['nothing', ' \n', 'line 2, column 1: expected a value, got the end'],
  [
    'a control character',
    '{"a": "b\u0001"}',
    'column 7: a text that does not end on its line, or that has a control',
  ],
  ['more than one', '{}\n{}', 'line 2, column 1: expected nothing more, got "{"'],
])('%s', (_, text, told) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonFault(text)).toContain(told);
});

test.each([
  ['{"a": 1,\n "b": {"a": 2},\n "a": 3}', 'line 3, column 2: "a"'],
  ['[{}, {"b": [{"c": 1}], "b": 1}]', 'line 1, column 24: "b"'],
  ['{"a": 1, "\\u0061": 1}', 'line 1, column 10: "a"'],
  ['{"": 1, "": 1}', 'line 1, column 9: ""'],
])('%s has a name twice', (text, where) => {
  expect(jsonFault(text)).toBe(`${where} for the second time: remove one`);
});

test.each([
  '[{"a": 1}, {"a": 1}]',
  '{"a": {"a": {"a": 1}}, "b": {"a": 1}}',
  '{"a": "a", "b": ["a", "a"]}',
])('%s has none twice', (text) => expect(jsonFault(text)).toBeUndefined());

describe('nothing is told of JSON', () => {
  test('as it is written by JavaScript', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 3 }), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        expect(jsonFault(text)).toBeUndefined();
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('and where a character is changed, only if it is none any more', () => {
    const source = '{"a": [1, -2.5e3, "b\\u00e9\\n", {"c": null}], "d": true}';
    const characters = [...'"{}[]:,\'/\\ 0e.-tn\n'];
    for (let at = 0; at < source.length; at++) {
      for (const character of characters) {
        const text = source.slice(0, at) + character + source.slice(at + 1);
        expect(jsonFault(text) === undefined, text).toBe(isJson(text));
      }
    }
  });

  test('however deep', () => {
    expect(jsonFault('['.repeat(1e5) + ']'.repeat(1e5))).toBeUndefined();
    expect(jsonFault('['.repeat(1e5))).toBe(
      'line 1, column 100001: expected a value or ], got the end',
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
