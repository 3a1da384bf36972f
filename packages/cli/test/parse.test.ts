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
  flags: { flag: text('Anything'), on: { boolean: true } },
  run: async ({ first, more, flag, on }) => ({ json: { first, more, flag, on }, text: '' }),
});

test.each([
  ['a', { first: 'a', more: [], flag: undefined }],
  ['a b c d', { first: 'a', more: ['b', 'c', 'd'], flag: undefined }],
  ['--flag x a b c', { first: 'a', more: ['b', 'c'], flag: 'x' }],
  ['a b --flag x c', { first: 'a', more: ['b', 'c'], flag: 'x' }],
  ['- b --flag=x', { first: '-', more: ['b'], flag: 'x' }],
  ['--on=true a --', { first: 'a', more: [], on: true }],
  ['--on=false a', { first: 'a', more: [], on: false }],
  ['--on false a', { first: 'a', more: [], on: false }],
])('take %s', async (line, expected) => {
  const chosen = await parse([given], ['take', ...line.split(' ')]);
  const { json } = await chosen!.run(() => {});
  expect(json).toEqual(expected);
});
