/** The gradient of a convolution's weight: an operator that ONNX does not have. */
import { type Dim, makeOwn, type Value } from '../value.ts';
import { unfold } from './conv.ts';
import { flippedPads, type Geometry, isDense, type Pads } from './geometry.ts';
import { countDown, knownImage, padImage } from './image.ts';
import { MatMul } from './linear.ts';
import { Gather, Reshape, Transpose } from './shape.ts';
import { sumOfProducts, sumRows } from './sums.ts';

/**
 * From x [N, C, H, W] and the gradient dy [N, O, H', W'] of its convolution, that of the weight
 * [O, C / group, kh, kw]. Composed, it is the form that onnxruntime's CPU provider is fastest at
 * (`pnpm bench conv-gradients`).
 */
export function ConvWeightGradient(x: Value, dy: Value, g: Geometry): Value {
  const { kernel, strides, pads, dilations, group } = g;
  const attributes = { kernel_shape: kernel, strides, pads, dilations, group };
  const shape = [knownImage(dy)[1], knownImage(x)[1] / group, ...kernel];
  return makeOwn('ConvWeightGradient', [x, dy], attributes, { dtype: x.dtype, shape }, () =>
    composed(x, dy, g),
  );
}

/**
 * Each kernel tap's shifted image against dy, as one product of matrices per sample. Of x and dy, the
 * one with fewer channels is shifted, where strides allow.
 */
function composed(x: Value, dy: Value, g: Geometry): Value {
  const [, c] = knownImage(x);
  const [, o] = knownImage(dy);
  const [kh, kw] = g.kernel;
  const taps = kh * kw;
  if (g.group > 1) return inGroups(x, dy, g);
  if (isDense(g) && o < c) {
    const product = sumOfProducts(flatten(x), seenBy(dy, { ...g, pads: flippedPads(g) }));
    // The taps of dy come in reverse: the last one meets the kernel's first.
    const gradient = Gather(Reshape(product, [c, o, taps]), countDown(taps), 2);
    return Reshape(Transpose(gradient, [1, 0, 2]), [o, c, kh, kw]);
  }
  return Reshape(sumOfProducts(flatten(dy), seenBy(x, g)), [o, c, kh, kw]);
}

/** The same, each group a matrix of its own in one stack. */
function inGroups(x: Value, dy: Value, g: Geometry): Value {
  const { group } = g;
  const [c, o] = [knownImage(x)[1] / group, knownImage(dy)[1] / group];
  const [seen, given] = [seenBy(x, g), flatten(dy)];
  const [n, , pixels] = seen.shape as [Dim, Dim, Dim];
  const size = c * g.kernel[0] * g.kernel[1];
  const columns = Transpose(Reshape(seen, [n, group, size, pixels]), [0, 1, 3, 2]);
  const each = MatMul(Reshape(given, [n, group, o, pixels]), columns);
  return Reshape(sumRows(Reshape(each, [n, group * o * size])), [group * o, c, ...g.kernel]);
}

/** [N, C, H, W] as [N, C, H · W]. */
function flatten(x: Value): Value {
  const [, c, h, w] = knownImage(x);
  return Reshape(x, [x.shape[0]!, c, h * w]);
}

/** The image as each kernel tap sees it, of a convolution whose pads may cut. */
function seenBy(x: Value, g: Geometry): Value {
  const cut = padImage(x, g.pads.map((pad) => Math.min(pad, 0)) as unknown as Pads);
  return unfold(cut, { ...g, pads: g.pads.map((pad) => Math.max(pad, 0)) as unknown as Pads });
}
