import { constant, type Dim, float32, ops as op, type Tensor } from '@ganport/onnx';
import * as z from 'zod';
import { LayerError, layer } from './contract.ts';
import { count, expectImage, fits, pair } from './options.ts';

export const avgPool2d = layer(
  'avgPool2d',
  { kernel: pair(count), stride: pair(count).optional() },
  {
    inputs: 'one',
    shape: ({ kernel, stride = kernel }, [x]) => {
      expectImage(x!);
      const size = [0, 1].map((i) => Math.floor((x![i + 1]! - kernel[i]!) / stride[i]!) + 1);
      return fits([x![0]!, ...size], `window ${kernel.join('×')} is larger than its input [${x}]`);
    },
    lower: ({ kernel, stride = kernel }, [x]) => op.AveragePool(x!, { kernel, strides: stride }),
  },
);

/** `scale` times as high and wide: "nearest" repeats pixels, "bilinear" is PyTorch's without aligned corners. */
export const upsample2d = layer(
  'upsample2d',
  {
    scale: z.int().min(2).max(16).default(2),
    mode: z.enum(['nearest', 'bilinear']).default('nearest'),
  },
  {
    inputs: 'one',
    shape: ({ scale }, [x]) => {
      expectImage(x!);
      return [x![0]!, x![1]! * scale, x![2]! * scale];
    },
    lower: ({ scale, mode }, [x]) => {
      if (mode === 'nearest') return op.Resize(x!, [scale, scale]);
      const [, , height, width] = x!.shape as number[];
      const wide = op.MatMul(x!, constant(turned(between(width!, scale))));
      return op.MatMul(constant(between(height!, scale)), wide);
    },
  },
);

/**
 * [size · scale, size]: what each pixel of the scaled row takes from each of the row. Two products of matrices scale
 * an image, and can be differentiated as often as is wanted; ONNX's Resize cannot.
 */
function between(size: number, scale: number): Tensor {
  const wide = size * scale;
  const shares = new Float32Array(wide * size);
  for (let row = 0; row < wide; row++) {
    // Centres of pixels, and no further than the outermost.
    const place = Math.min(Math.max((row + 0.5) / scale - 0.5, 0), size - 1);
    const low = Math.floor(place);
    shares[row * size + low]! += 1 - (place - low);
    if (place > low) shares[row * size + low + 1]! += place - low;
  }
  return float32(shares, [wide, size]);
}

/** A matrix with its rows as columns. */
function turned({ shape: [rows, columns], data }: Tensor): Tensor {
  const out = Float32Array.from(data as Float32Array, (_, i) =>
    Number(data[(i % rows!) * columns! + Math.floor(i / rows!)]),
  );
  return float32(out, [columns!, rows!]);
}

/** Channels become pixels: [channels · scale², h, w] → [channels, h · scale, w · scale], as PyTorch's (Shi et al. 2016). */
export const pixelShuffle = layer(
  'pixelShuffle',
  { scale: z.int().min(2).max(16).default(2) },
  {
    inputs: 'one',
    shape: ({ scale }, [x]) => {
      expectImage(x!);
      const [channels, height, width] = x as [number, number, number];
      if (channels % scale ** 2 !== 0) {
        throw new LayerError(
          `scale ${scale}: expected channels in multiples of ${scale ** 2}, got [${x}]`,
        );
      }
      return [channels / scale ** 2, height * scale, width * scale];
    },
    lower: ({ scale }, [x]) => {
      const [n, channels, height, width] = x!.shape as [Dim, number, number, number];
      const c = channels / scale ** 2;
      const apart = op.Reshape(x!, [n, c, scale, scale, height, width]);
      const woven = op.Transpose(apart, [0, 1, 4, 2, 5, 3]);
      return op.Reshape(woven, [n, c, height * scale, width * scale]);
    },
  },
);
