import { input, ops as op, scalar, type Value } from '@ganport/onnx';
import { expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { numbersBehind, numbersToBytes } from '../src/pixels.ts';

test.each([1, 3])(
  'the numbers behind bytes of %i channels are those that were given',
  (channels) => {
    const image = input('image', 'float32', ['N', channels, 4, 5]);
    expect(numbersBehind(numbersToBytes(image))).toBe(image);
  },
);

const image = input('image', 'float32', ['N', 3, 4, 5]);
const bytes = (scale: Value, offset: Value) => {
  const levels = op.Clip(op.Add(op.Mul(image, scale), offset), 0, 255);
  return op.Cast(op.Transpose(levels, [0, 2, 3, 1]), 'uint8');
};
test.each<[string, Value]>([
  ['an input', image],
  ['bytes without a clip', op.Cast(op.Transpose(image, [0, 2, 3, 1]), 'uint8')],
  ['another scale', bytes(scalar(255), scalar(128))],
  ['another offset', bytes(scalar(127.5), scalar(0))],
  ['a scale that is computed', bytes(op.Exp(scalar(4)), scalar(128))],
  ['a layout in between', op.Neg(bytes(scalar(127.5), scalar(128)))],
])('%s is refused', (_name, value) => {
  expect(() => numbersBehind(value)).toThrow(ModelError);
  expect(() => numbersBehind(value)).toThrow(/^expected bytes that are made of numbers as/);
});
