import { expect, test } from 'vitest';
import { input, OnnxError, ops as op, type Shape, type Value } from '../src/index.ts';

/** Float32 inputs of these shapes. */
function floats<S extends readonly Shape[]>(...shapes: S) {
  return shapes.map((shape, i) => input(`x${i}`, 'float32', shape)) as { [K in keyof S]: Value };
}

const [a23, a34, a4, image, batch] = floats([2, 3], [3, 4], [4], [1, 3, 5, 6], ['N', 3]);
const flags = input('flags', 'bool', [2, 3]);
const [one, two] = floats([3, 2, 1, 1], [2, 3, 1, 1]);

test.each<[string, () => unknown]>([
  ['Add: shapes [2, 3] and [3, 4] do not broadcast', () => op.Add(a23, a34)],
  ['Mul: shapes [N, 3] and [2, 3] do not broadcast', () => op.Mul(batch, a23)],
  ['Sub: got float32 and bool', () => op.Sub(a23, flags)],
  ['Equal: got float32 and bool', () => op.Equal(a23, flags)],
  [
    'Where: expected a bool and two of one type, got float32, float32 and float32',
    () => op.Where(a23, a23, a23),
  ],
  ['Where: shapes [2, 3] and [4] do not broadcast', () => op.Where(flags, a23, a4)],
  ['MatMul: shapes [3, 4] and [2, 3] do not fit', () => op.MatMul(a34, a23)],
  ['MatMul: shapes [2, 3] and [4] do not fit', () => op.MatMul(a23, a4)],
  [
    "Gemm: shapes [2, 3]' and [3, 4] do not fit",
    () => op.Gemm(a23, a34, undefined, { transA: true }),
  ],
  ['Gemm: shapes [2, 3] and [2, 3] do not fit', () => op.Gemm(a23, a23)],
  ['Gemm: [2, 2, 4] does not broadcast to [2, 4]', () => op.Gemm(a23, a34, floats([2, 2, 4])[0])],
  ['Gemm: shapes [2, 4] and [3] do not broadcast', () => op.Gemm(a23, a34, floats([3])[0])],
  ['ReduceSum: [2, 3] has no axis -1', () => op.ReduceSum(a23, { axes: [-1] })],
  ['mean: every dimension of [N] must be a known size', () => op.mean(batch)],
  ['Reshape: [2, 3] does not fit [7]', () => op.Reshape(a23, [7])],
  ['Reshape: [N, 3] does not fit [3]', () => op.Reshape(batch, [3])],
  [
    'Reshape: more than one unknown dimension in [N, M]',
    () => op.Reshape(floats(['N', 'M'])[0], ['N', 'M']),
  ],
  ['Expand: shapes [2, 3] and [4] do not broadcast', () => op.Expand(a23, [4])],
  ['Transpose: [0] does not permute [2, 3]', () => op.Transpose(a23, [0])],
  ['Transpose: [1,1] does not permute [2, 3]', () => op.Transpose(a23, [1, 1])],
  ['Concat: expected at least one value, got none', () => op.Concat([], 0)],
  ['Concat: [2, 3] has no axis 2', () => op.Concat([a23, a23], 2)],
  [
    'Concat on axis 0: float32 [2, 3] and float32 [3, 4] do not fit',
    () => op.Concat([a23, a34], 0),
  ],
  ['Concat on axis 0: float32 [2, 3] and bool [2, 3] do not fit', () => op.Concat([a23, flags], 0)],
  ['Split: sizes [1,1] do not cut up axis 1 of [2, 3]', () => op.Split(a23, [1, 1], 1)],
  ['Split: sizes [4,-1] do not cut up axis 1 of [2, 3]', () => op.Split(a23, [4, -1], 1)],
  ['Split: every dimension of [N] must be a known size', () => op.Split(batch, [1, 1], 0)],
  [
    'Slice: 1:4:1 is not within axis 1 of [2, 3]',
    () => op.Slice(a23, { axes: [1], starts: [1], ends: [4] }),
  ],
  [
    'Slice: 2:1:1 is not within axis 1 of [2, 3]',
    () => op.Slice(a23, { axes: [1], starts: [2], ends: [1] }),
  ],
  ['Slice: [2, 3] has no axis 2', () => op.Slice(a23, { axes: [2], starts: [0], ends: [1] })],
  ['Pad: [1] and [0] do not pad [2, 3]', () => op.Pad(a23, [1], [0])],
  ['Pad: [-1,0] and [1,0] do not pad [2, 3]', () => op.Pad(a23, [-1, 0], [1, 0])],
  ['Gather: index 3 is not within axis 1 of [2, 3]', () => op.Gather(a23, [0, 3], 1)],
  ['Gather: [2, 3] has no axis 5', () => op.Gather(a23, [0], 5)],
  ['Conv: expected four dimensions, got [2, 3]', () => op.Conv(a23, image)],
  ['Conv weight: expected four dimensions, got [2, 3]', () => op.Conv(image, a23)],
  [
    'Conv: image [1, 3, 5, 6] does not fit weight [4, 2, 3, 3] in 1 group(s)',
    () => op.Conv(image, floats([4, 2, 3, 3])[0]),
  ],
  [
    'Conv: kernel 7 is larger than image [1, 3, 5, 6]',
    () => op.Conv(image, floats([4, 3, 7, 1])[0]),
  ],
  ['Conv bias: expected [2], got [4]', () => op.Conv(image, two, a4)],
  [
    'Conv: height and width of [1, 3, H, 6] must be known sizes',
    () => op.Conv(floats([1, 3, 'H', 6])[0], two),
  ],
  [
    'ConvTranspose: image [1, 3, 5, 6] does not fit weight [2, 3, 1, 1]',
    () => op.ConvTranspose(image, two),
  ],
  [
    'ConvTranspose: pads [3,0,3,0] leave nothing of [1, 3, 5, 6]',
    () => op.ConvTranspose(image, one, undefined, { pads: [3, 0, 3, 0] }),
  ],
  ['ConvTranspose bias: expected [2], got [4]', () => op.ConvTranspose(image, one, a4)],
  [
    'AveragePool: window 6 is larger than [1, 3, 5, 6]',
    () => op.AveragePool(image, { kernel: [6, 1] }),
  ],
  [
    'BatchNormalization variance: expected [3], got [4]',
    () => op.BatchNormalization(batch, ...floats([3], [3], [3], [4]), 0.1),
  ],
  [
    'BatchNormalization scale: expected [3], got [4]',
    () => op.BatchNormalizationTraining(batch, a4, a4, 0.1),
  ],
  [
    'normalizeConv: expected a Conv of one group and a known batch, got Relu [N, 3]',
    () => op.normalizeConv(op.Relu(batch), ...floats([3], [3]), 0.1),
  ],
  ['BatchNormalization: [4] has no axis 1', () => op.BatchNormalizationTraining(a4, a4, a4, 0.1)],
])('%s', (message, f) => {
  expect(f).toThrow(OnnxError);
  expect(f).toThrow(message);
});
