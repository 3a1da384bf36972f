import { expect, test } from 'vitest';
import { copyTensor } from '../src/ports.ts';

test.each([
  ['an array', Uint8Array.of(1, 2)],
  ['a Buffer, whose slice shares its memory', Buffer.of(1, 2)],
])('a copy of %s keeps what it was', (_, data) => {
  const copy = copyTensor({ dtype: 'uint8', shape: [2], data });
  data.fill(9);
  expect(Array.from(copy.data as Uint8Array)).toEqual([1, 2]);
});
