import { Expand, Gemm, MatMul, Reshape, Transpose } from '../ops/index.ts';
import { constantOf, knownShape, type Value } from '../value.ts';
import { type Rule, rule } from './rule.ts';

/** Swaps the last two axes. */
function transposed(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return Transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

export const linearRules: Readonly<Record<string, Rule>> = {
  MatMul: rule(([a, b], dy) => [
    () => MatMul(dy, transposed(b!)),
    () => MatMul(transposed(a!), dy),
  ]),

  Gemm: rule(([a, b], dy, _y, attributes) => {
    const [transA, transB] = [Boolean(attributes.transA), Boolean(attributes.transB)];
    return [
      () =>
        transA
          ? Gemm(b!, dy, undefined, { transA: transB, transB: true })
          : Gemm(dy, b!, undefined, { transB: !transB }),
      () =>
        transB
          ? Gemm(dy, a!, undefined, { transA: true, transB: transA })
          : Gemm(a!, dy, undefined, { transA: !transA }),
      () => dy,
    ];
  }),

  ReduceSum: rule(([x, axes], dy) => {
    const summed = Array.from(constantOf(axes!)!.data, Number);
    const kept = x!.shape.map((dim, axis) => (summed.includes(axis) ? 1 : dim));
    return [() => Expand(Reshape(dy, kept), knownShape(x!.shape, 'the gradient of ReduceSum'))];
  }),
};
