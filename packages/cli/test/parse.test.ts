/** Arguments as they are typed, in whichever order. */
import { expect, test } from 'vitest';
import { command } from '../src/command.ts';
import { argument, text } from '../src/flags.ts';
import { parse } from '../src/parse.ts';

const given = command({
  usage: 'take <first> [more..]',
  describe: 'Says what it was given',
  examples: [],
  arguments: {
    first: argument('One'),
    more: { ...argument('Others'), demandOption: false, array: true },
  },
  flags: { flag: text('Anything') },
  run: async ({ first, more, flag }) => ({ json: { first, more, flag }, text: '' }),
});

test.each([
  ['a', { first: 'a', more: [], flag: undefined }],
  ['a b c d', { first: 'a', more: ['b', 'c', 'd'], flag: undefined }],
  ['--flag x a b c', { first: 'a', more: ['b', 'c'], flag: 'x' }],
  ['a b --flag x c', { first: 'a', more: ['b', 'c'], flag: 'x' }],
  ['- b --flag=x', { first: '-', more: ['b'], flag: 'x' }],
])('take %s', async (line, expected) => {
  const chosen = await parse([given], ['take', ...line.split(' ')]);
  const { json } = await chosen!.run(() => {});
  expect(json).toEqual(expected);
});
