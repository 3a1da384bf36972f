/** Operators of generators, by their ONNX names: https://onnx.ai/onnx/operators. */
import { batchNormalization, both, each, expand, type Kernel, map } from './elementwise.ts';
import { conv, convTranspose, gemm, matMul } from './linear.ts';
import { averagePool, globalMaxPool } from './pool.ts';
import { concat, reduceSum, reshaped, resize, slice, split, transpose } from './shapes.ts';

export const KERNELS: Readonly<Record<string, Kernel>> = {
  Identity: ([x]) => x!,
  Relu: each(() => (x) => Math.max(x, 0)),
  LeakyRelu: each(
    ({ alpha = 0.01 }) =>
      (x) =>
        x >= 0 ? x : x * (alpha as number),
  ),
  Sigmoid: each(() => (x) => 1 / (1 + Math.exp(-x))),
  Tanh: each(() => Math.tanh),
  Exp: each(() => Math.exp),
  Sqrt: each(() => Math.sqrt),
  Add: both((x, y) => x + y),
  Sub: both((x, y) => x - y),
  Mul: both((x, y) => x * y),
  Div: both((x, y) => x / y),
  Equal: both((x, y) => Number(x === y)),
  Greater: both((x, y) => Number(x > y)),
  Clip: ([x, low, high]) => {
    const least = low?.data[0] ?? -Infinity;
    const most = high?.data[0] ?? Infinity;
    return map(x!, (value) => Math.min(Math.max(value, least), most));
  },
  // What is cast to whole numbers is cut; true and false are 1 and 0 here.
  Cast: ([x], { to }) => {
    const whole = map(x!, to === 1 ? (value) => value : Math.trunc);
    return to === UINT8 ? { shape: whole.shape, data: Uint8Array.from(whole.data) } : whole;
  },
  Reshape: ([x, shape]) => ({ shape: reshaped(x!, Array.from(shape!.data)), data: x!.data }),
  Transpose: ([x], { perm }) => transpose(x!, perm as number[]),
  Expand: ([x, shape]) => expand(x!, Array.from(shape!.data)),
  Concat: concat,
  Slice: slice,
  Split: split,
  ReduceSum: reduceSum,
  Gemm: gemm,
  MatMul: matMul,
  Conv: conv,
  ConvTranspose: convTranspose,
  BatchNormalization: batchNormalization,
  GlobalMaxPool: globalMaxPool,
  AveragePool: averagePool,
  Resize: resize,
};

/** TensorProto.DataType. */
const UINT8 = 2;
