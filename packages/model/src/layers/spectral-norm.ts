/** Spectral normalisation (Miyato et al. 2018) of a layer's weight, as an option of the layer. */
import { ops as op, scalar, sizeOf, type Value } from '@ganport/onnx';
import type { LowerContext } from './contract.ts';

/** Added to squared lengths: float32 holds it, and beside the square of any length that counts it is nothing. */
const TINY = 1e-24;

/**
 * The weight W divided by its greatest singular value σ, where W is a matrix of a row for each output. Each pass
 * of training goes one power iteration on, as in PyTorch's spectral_norm: from u, the parameter `weight_u`,
 * v = Wᵀu / |Wᵀu|, next u = Wv / |Wv| and σ = uᵀWv, in whose gradient u and v are constants. What draws does
 * the same and keeps nothing.
 * @param outputAxis the weight's axis of outputs
 */
export function normalizedSpectrally(
  { training, weight, update }: LowerContext,
  outputAxis: number,
): Value {
  const w = weight('weight');
  const rows = asRows(w, outputAxis);
  const outputs = rows.shape[0]!;
  const before = op.Reshape(weight('weight_u'), [1, outputs]);
  const fixed = op.stopGradient(rows);
  const v = op.stopGradient(unit(op.MatMul(before, fixed)));
  const column = op.Reshape(v, [v.shape[1]!, 1]);
  const u = op.stopGradient(unit(op.Reshape(op.MatMul(fixed, column), [1, outputs])));
  if (training) update('weight_u', op.Reshape(u, [outputs]));
  const sigma = op.MatMul(u, op.MatMul(rows, column));
  return op.Div(w, op.Reshape(sigma, []));
}

/** W as a matrix [outputs, the rest]. */
function asRows(w: Value, outputAxis: number): Value {
  const shape = w.shape as number[];
  const outputs = shape[outputAxis]!;
  const others = shape.flatMap((_, axis) => (axis === outputAxis ? [] : [axis]));
  const ordered = outputAxis === 0 ? w : op.Transpose(w, [outputAxis, ...others]);
  return op.Reshape(ordered, [outputs, sizeOf(shape) / outputs]);
}

function unit(row: Value): Value {
  const square = op.ReduceSum(op.Mul(row, row), { axes: [0, 1], keepdims: true });
  return op.Div(row, op.Sqrt(op.Add(square, scalar(TINY))));
}
