/**
 * What TensorFlow.js 4.22's wasm backend lacks for training, and what it is slow at, made of kernels
 * that it has and is fast at: products of matrices that are not transposed, and Conv2D. Without this
 * it trains no convolution, and a step of the mlp preset took six times as long.
 */
import * as tf from '@tensorflow/tfjs';

const WASM = 'wasm';

/** Registers them. Does nothing the second time. */
export function completeWasmKernels(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, WASM)) return;
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: WASM,
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernelGradient(inputs, attrs)),
  });
  replace(tf.BatchMatMul, (inputs, attrs) => {
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
    if (!transposeA && !transposeB) return undefined;
    const { a, b } = inputs as { a: tf.Tensor; b: tf.Tensor };
    return tf.matMul(transposeA ? turned(a) : a, transposeB ? turned(b) : b);
  });
  replace(tf.Conv2DBackpropInput, (inputs, attrs) => {
    return isOne(attrs.strides as Pair) ? imageGradient(inputs, attrs) : undefined;
  });
}

type Pair = number | readonly [number, number];
type Inputs = tf.NamedTensorInfoMap;
type Attributes = tf.NamedAttrMap;

/** Puts a kernel before another, which still does what the first gives no result for. */
function replace(
  kernelName: string,
  kernel: (inputs: Inputs, attrs: Attributes) => tf.Tensor | undefined,
): void {
  const original = tf.getKernel(kernelName, WASM);
  tf.unregisterKernel(kernelName, WASM);
  tf.registerKernel({
    ...original,
    kernelFunc: (args) => {
      const { inputs, attrs = {} } = args;
      return tf.tidy(() => kernel(inputs, attrs) as tf.Tensor) ?? original.kernelFunc(args);
    },
  });
}

/**
 * The gradient of a convolution's kernel [kh, kw, in, out]: for each of its places, the product of the
 * pixels that it meets, [in, N · H' · W'], and the output's gradient, [N · H' · W', out].
 */
function kernelGradient(inputs: Inputs, attrs: Attributes | undefined): tf.Tensor {
  const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
  const { strides, pad, filterShape } = attrs as unknown as tf.Conv2DBackpropFilterAttrs;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
  const { filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth } = info;
  const { inChannels, outChannels, batchSize } = info;
  const { top, bottom, left, right } = info.padInfo;
  const margins: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const image = tf.pad(x, margins);
  const flat = tf.reshape(dy, [-1, outChannels]);
  const rows = (outHeight - 1) * strideHeight + 1;
  const columns = (outWidth - 1) * strideWidth + 1;
  const places: tf.Tensor[] = [];
  for (let u = 0; u < filterHeight; u++) {
    for (let v = 0; v < filterWidth; v++) {
      const end = [batchSize, u + rows, v + columns, inChannels];
      const met = tf.stridedSlice(image, [0, u, v, 0], end, [1, strideHeight, strideWidth, 1]);
      places.push(tf.matMul(tf.transpose(tf.reshape(met, [-1, inChannels])), flat));
    }
  }
  return tf.reshape(tf.stack(places), filterShape);
}

/** The gradient of a convolution's image, at stride 1: a convolution with the kernel turned round. */
function imageGradient(inputs: Inputs, attrs: Attributes): tf.Tensor {
  const { dy, filter } = inputs as { dy: tf.Tensor4D; filter: tf.Tensor4D };
  const { strides, pad, inputShape } = attrs as unknown as tf.Conv2DBackpropInputAttrs;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad);
  const { filterHeight, filterWidth, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  const around = (kernel: number, before: number, size: number, outputs: number) => {
    const first = kernel - 1 - before;
    return [first, size + kernel - 1 - outputs - first] as [number, number];
  };
  const margins: [number, number][] = [
    [0, 0],
    around(filterHeight, padInfo.top, inHeight, outHeight),
    around(filterWidth, padInfo.left, inWidth, outWidth),
    [0, 0],
  ];
  const kernel: tf.Tensor4D = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
  return tf.conv2d(tf.pad(dy, margins), kernel, 1, 'valid');
}

function isOne(strides: Pair): boolean {
  return [strides].flat().every((stride) => stride === 1);
}

/** With the last two axes swapped. */
function turned(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}
