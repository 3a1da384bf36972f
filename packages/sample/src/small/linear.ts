/** Gemm, MatMul, Conv and ConvTranspose: all are products of matrices. */
import { sizeOf } from '@ganport/onnx';
import { SampleError } from '../error.ts';
import { type Attributes, both } from './elementwise.ts';
import { type Tensor, zeros } from './graph.ts';
import { addPatches, patchesOf, type Window } from './patches.ts';
import { products, transposed } from './products.ts';
import { transpose } from './shapes.ts';

export function gemm(
  [a, b, c]: readonly Tensor[],
  { transA = 0, transB = 0, alpha = 1, beta = 1 }: Attributes,
) {
  if (transA || alpha !== 1 || beta !== 1) throw new SampleError('Gemm is scaled, or transposes A');
  const product = multiply(a!, transB ? b! : transpose(b!, [1, 0]));
  return c ? both((x, y) => x + y)([product, c], {}) : product;
}

/** Of a matrix by the transpose of another. */
function multiply(a: Tensor, b: Tensor): Tensor {
  const [rows, depth] = a.shape as [number, number];
  const columns = b.shape[0]!;
  if (rows === 1) {
    // Where there is one of them, a column is computed twice, but a row four times.
    const data = products(b.data, a.data, { rows: columns, columns: 1, depth });
    return { shape: [1, columns], data };
  }
  return { shape: [rows, columns], data: products(a.data, b.data, { rows, columns, depth }) };
}

/** Of matrices whose first axes are those of one of the two, or of both. */
export function matMul([a, b]: readonly Tensor[]): Tensor {
  const [depth, columns] = b!.shape.slice(-2) as [number, number];
  const rows = a!.shape.at(-2)!;
  const [aLots, bLots] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
  const lots = aLots.length > bLots.length ? aLots : bLots;
  const count = sizeOf(lots);
  if (![1, count].includes(sizeOf(aLots)) || ![1, count].includes(sizeOf(bLots))) {
    throw new SampleError('MatMul repeats some of its axes');
  }
  const data = zeros([count, rows, columns]);
  const part = (tensor: Tensor, lot: number, size: number) =>
    tensor.data.length === size ? tensor.data : tensor.data.subarray(lot * size, (lot + 1) * size);
  for (let lot = 0; lot < count; lot += 1) {
    const right = transposed(part(b!, lot, depth * columns), depth, columns);
    const left = part(a!, lot, rows * depth);
    data.set(products(left, right, { rows, columns, depth }), lot * rows * columns);
  }
  return { shape: [...lots, rows, columns], data };
}

interface Convolution {
  window: Window;
  ends: readonly [number, number];
  groups: number;
}

function convolutionOf({
  kernel_shape,
  strides = [1, 1],
  pads = [0, 0, 0, 0],
  ...rest
}: Attributes): Convolution {
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const { dilations = [1, 1], group = 1, auto_pad = 'NOTSET' } = rest;
  if ((dilations as number[]).some((each) => each !== 1) || auto_pad !== 'NOTSET') {
    throw new SampleError('a convolution is dilated, or pads by itself');
  }
  return {
    window: {
      kernel: kernel_shape as [number, number],
      strides: strides as [number, number],
      pads: [top, left],
    },
    ends: [bottom, right],
    groups: group as number,
  };
}

export function conv([x, weights, bias]: readonly Tensor[], attributes: Attributes): Tensor {
  const { window, ends, groups } = convolutionOf(attributes);
  const [count, channels, height, width] = x!.shape as [number, number, number, number];
  const filters = weights!.shape[0]!;
  const [rows, columns] = [height, width].map(
    (size, i) =>
      Math.floor((size + window.pads[i]! + ends[i]! - window.kernel[i]!) / window.strides[i]!) + 1,
  ) as [number, number];
  const planes = { channels: channels / groups, height, width };
  const depth = weights!.data.length / filters;
  const out = zeros([count, filters, rows, columns]);
  forEachGroup(x!, count * groups, (data, lot) => {
    const patches = patchesOf(data, planes, window, { rows, columns });
    const own = weights!.data.subarray((lot % groups) * (filters / groups) * depth);
    const size = { rows: filters / groups, columns: rows * columns, depth };
    out.set(products(own, patches, size), (lot * filters * rows * columns) / groups);
  });
  return biased({ shape: [count, filters, rows, columns], data: out }, bias);
}

export function convTranspose(
  [x, weights, bias]: readonly Tensor[],
  attributes: Attributes,
): Tensor {
  const { window, ends, groups } = convolutionOf(attributes);
  const { output_padding = [0, 0] } = attributes;
  const [count, channels, rows, columns] = x!.shape as [number, number, number, number];
  const perGroup = weights!.shape[1]!;
  const [height, width] = [rows, columns].map(
    (size, i) =>
      (size - 1) * window.strides[i]! +
      window.kernel[i]! -
      window.pads[i]! -
      ends[i]! +
      (output_padding as number[])[i]!,
  ) as [number, number];
  const planes = { channels: perGroup, height, width };
  const depth = channels / groups;
  const places = weights!.data.length / channels;
  const out = zeros([count, groups * perGroup, height, width]);
  const turned = Array.from({ length: groups }, (_, group) =>
    transposed(weights!.data.subarray(group * depth * places), depth, places),
  );
  forEachGroup(x!, count * groups, (data, lot) => {
    const pixels = transposed(data, depth, rows * columns);
    const size = { rows: places, columns: rows * columns, depth };
    const patches = products(turned[lot % groups]!, pixels, size);
    const own = perGroup * height * width;
    addPatches(patches, out.subarray(lot * own, (lot + 1) * own), planes, window, {
      rows,
      columns,
    });
  });
  return biased({ shape: [count, groups * perGroup, height, width], data: out }, bias);
}

function forEachGroup(x: Tensor, lots: number, visit: (data: Tensor['data'], lot: number) => void) {
  const size = x.data.length / lots;
  for (let lot = 0; lot < lots; lot += 1) visit(x.data.subarray(lot * size, (lot + 1) * size), lot);
}

/** Plus a number for each channel. */
function biased({ shape, data }: Tensor, bias: Tensor | undefined): Tensor {
  if (!bias) return { shape, data };
  const plane = sizeOf(shape.slice(2));
  for (let start = 0, channel = 0; start < data.length; start += plane, channel += 1) {
    const add = bias.data[channel % bias.data.length]!;
    for (let i = start; i < start + plane; i += 1) data[i]! += add;
  }
  return { shape, data };
}
