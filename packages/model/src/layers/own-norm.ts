/** Normalisations by each image's own statistics: the same in training and when drawing. */
import { ops as op, scalar, sizeOf, type Value } from '@ganport/onnx';
import { LayerError, layer, type Parameter, type Size } from './contract.ts';
import { count, epsilon, expectImage, perChannel } from './options.ts';

/** x [N, ...] less its mean and over its deviation, within each of `groups` equal parts of every image. */
function normalized(x: Value, groups: number, epsilon: number): Value {
  const [n, ...size] = x.shape as [Value['shape'][number], ...number[]];
  const parts = op.Reshape(x, [n, groups, sizeOf(size) / groups]);
  const centred = op.Sub(parts, op.mean(parts, { axes: [2], keepdims: true }));
  const variance = op.mean(op.Mul(centred, centred), { axes: [2], keepdims: true });
  return op.Reshape(op.Div(centred, op.Sqrt(op.Add(variance, scalar(epsilon)))), x.shape);
}

/** A factor and an offset, which change nothing at first. */
function affine(shape: Size): Parameter[] {
  return (['weight', 'bias'] as const).map((name) => {
    const value = name === 'weight' ? 1 : 0;
    return { name, shape, init: { type: 'constant', value }, trained: true };
  });
}

/** @throws LayerError where a part is one number, of which nothing would be left */
function expectParts(x: Size, groups: number): void {
  if (sizeOf(x) > groups) return;
  throw new LayerError(`one value has no variance: expected a larger input, got [${x}]`);
}

/** Over all of an image, with a factor and an offset for each of its numbers, as PyTorch's LayerNorm (Ba et al. 2016). */
export const layerNorm = layer(
  'layerNorm',
  { epsilon: epsilon(1e-5) },
  {
    inputs: 'one',
    shape: (_, [x]) => {
      expectParts(x!, 1);
      return x!;
    },
    parameters: (_, [x]) => affine(x!),
    lower: ({ epsilon }, [x], { weight }) =>
      op.Add(op.Mul(normalized(x!, 1, epsilon), weight('weight')), weight('bias')),
  },
);

/** Over each channel of an image (Ulyanov et al. 2016); with a factor and an offset for each. */
export const instanceNorm = layer(
  'instanceNorm',
  { epsilon: epsilon(1e-5) },
  {
    inputs: 'one',
    shape: (_, [x]) => {
      expectImage(x!);
      expectParts(x!, x![0]!);
      return x!;
    },
    parameters: (_, [x]) => affine([x![0]!]),
    lower: ({ epsilon }, [x], { weight }) =>
      scaled(normalized(x!, x!.shape[1] as number, epsilon), weight),
  },
);

/** Over groups of channels of an image or a vector (Wu & He 2018); with a factor and an offset for each channel. */
export const groupNorm = layer(
  'groupNorm',
  { groups: count, epsilon: epsilon(1e-5) },
  {
    inputs: 'one',
    shape: ({ groups }, [x]) => {
      if (x![0]! % groups !== 0) {
        throw new LayerError(`groups ${groups}: expected a divisor of its ${x![0]} channels`);
      }
      expectParts(x!, groups);
      return x!;
    },
    parameters: (_, [x]) => affine([x![0]!]),
    lower: ({ groups, epsilon }, [x], { weight }) =>
      scaled(normalized(x!, groups, epsilon), weight),
  },
);

function scaled(x: Value, weight: (name: string) => Value): Value {
  return op.Add(op.Mul(x, perChannel(weight('weight'), x)), perChannel(weight('bias'), x));
}

/** Each pixel's channels over the root of their mean square (Karras et al. 2018); of a vector, all of it. */
export const pixelNorm = layer(
  'pixelNorm',
  { epsilon: epsilon(1e-8) },
  {
    inputs: 'one',
    shape: (_, [x]) => x!,
    lower: ({ epsilon }, [x]) => {
      const square = op.mean(op.Mul(x!, x!), { axes: [1], keepdims: true });
      return op.Div(x!, op.Sqrt(op.Add(square, scalar(epsilon))));
    },
  },
);
