/** The layers of a generator.onnx as TensorFlow.js wants them: images are [N, H, W, C] there, kernels [kh, kw, in, out]. */
import { decodeModel, type GraphProto, type NodeProto, tensorFromProto } from '@ganport/onnx';

/** One call of TensorFlow.js each, fused with what follows where it can be. `bias` and `kernel` are from `weights`. */
export type TfjsLayer =
  | { type: 'dense'; kernel: Part; bias: Part; relu: boolean }
  | { type: 'conv'; kernel: Part; bias: Part; relu: boolean; stride: number; pad: 'same' | 'valid' }
  | { type: 'convTranspose'; kernel: Part; bias: Part; relu: boolean; stride: number }
  | { type: 'view'; shape: [height: number, width: number, channels: number] }
  | { type: 'relu' | 'tanh' };

/** A tensor within the weights: where it begins, in numbers. */
export interface Part {
  at: number;
  shape: number[];
}

export interface TfjsNetwork {
  latent: number;
  /** Of a picture. */
  height: number;
  width: number;
  layers: TfjsLayer[];
}

type View = [channels: number, height: number, width: number];

/** Changes the order of numbers of a tensor by their places. */
type Reorder = (data: Float32Array, shape: readonly number[]) => [Float32Array, number[]];

/**
 * What the presets' grey generators export, up to their tanh: the numbers −1 … 1 that become levels.
 * @throws Error for an operator that they do not have
 */
export function tfjsNetwork(model: Uint8Array): { network: TfjsNetwork; weights: Float32Array } {
  const graph = decodeModel(model).graph!;
  const parts: Float32Array[] = [];
  let taken = 0;
  const layers: TfjsLayer[] = [];
  const take = (name: string, reorder: Reorder = (data, shape) => [data, [...shape]]): Part => {
    const [data, shape] = reorder(...constantOf(graph, name));
    parts.push(data);
    taken += data.length;
    return { at: taken - data.length, shape };
  };
  const end = graph.node.findIndex(({ opType }) => opType === 'Tanh');
  let latent = 0;
  for (const [i, node] of graph.node.slice(0, end + 1).entries()) {
    const [, kernel = '', bias = ''] = node.input;
    const relu = graph.node[i + 1]!.opType === 'Relu';
    if (node.opType === 'Gemm') {
      const view = viewOf(graph, graph.node[i + 1]!);
      latent ||= constantOf(graph, kernel)[1][1]!;
      const rows: Reorder = view ? channelsLast(view) : (data, shape) => [data, [...shape]];
      const part = take(kernel, (data, shape) => turned(...rows(data, shape)));
      layers.push({ type: 'dense', kernel: part, bias: take(bias, rows), relu });
    } else if (node.opType === 'Conv') {
      const [stride, pad] = [numbers(node, 'strides')[0]!, numbers(node, 'pads')[0]!];
      const part = take(kernel, permuted([2, 3, 1, 0]));
      const padding = pad > 0 ? 'same' : 'valid';
      layers.push({ type: 'conv', kernel: part, bias: take(bias), relu, stride, pad: padding });
    } else if (node.opType === 'ConvTranspose') {
      const stride = numbers(node, 'strides')[0]!;
      const part = take(kernel, permuted([2, 3, 1, 0]));
      layers.push({ type: 'convTranspose', kernel: part, bias: take(bias), relu, stride });
    } else if (node.opType === 'Reshape') {
      const [channels, height, width] = viewOf(graph, node)!;
      layers.push({ type: 'view', shape: [height, width, channels] });
    } else if (node.opType === 'Relu') {
      // What comes before it has it already, but for a view.
      if (graph.node[i - 1]!.opType === 'Reshape') layers.push({ type: 'relu' });
    } else if (node.opType === 'Tanh') {
      layers.push({ type: 'tanh' });
    } else {
      throw new Error(`${node.opType}: no layer of TensorFlow.js is written for it here`);
    }
  }
  const dims = graph.output[0]!.type!.tensorType!.shape!.dim;
  const [height, width] = dims.slice(1, 3).map(({ dimValue }) => Number(dimValue));
  const network = { latent, height: height!, width: width!, layers };
  const weights = new Float32Array(taken);
  let at = 0;
  for (const part of parts) {
    weights.set(part, at);
    at += part.length;
  }
  return { network, weights };
}

function constantOf(graph: GraphProto, name: string): [Float32Array, readonly number[]] {
  const { data, shape } = tensorFromProto(graph.initializer.find((one) => one.name === name)!);
  return [data as Float32Array, shape];
}

/** [channels, height, width] of what a node makes of a vector, if it is that node. */
function viewOf(graph: GraphProto, { opType, input }: NodeProto): View | undefined {
  if (opType !== 'Reshape') return undefined;
  const { data } = tensorFromProto(graph.initializer.find(({ name }) => name === input[1])!);
  return Array.from(data as BigInt64Array, Number).slice(1) as View;
}

function numbers({ attribute }: NodeProto, name: string): number[] {
  return attribute.find((one) => one.name === name)!.ints.map(Number);
}

/** Rows that are pixels [C, H, W], as [H, W, C]. */
function channelsLast([channels, height, width]: View): Reorder {
  return (data, shape) => {
    const rest = data.length / shape[0]!;
    const planes = permuted([1, 2, 0, 3])(data, [channels, height, width, rest]);
    return [planes[0], [...shape]];
  };
}

function turned(data: Float32Array, shape: readonly number[]): [Float32Array, number[]] {
  return permuted([1, 0])(data, shape);
}

function permuted(order: readonly number[]): Reorder {
  return (data, from) => {
    const shape = order.map((axis) => from[axis]!);
    const steps = order.map((axis) => from.slice(axis + 1).reduce((a, b) => a * b, 1));
    const out = new Float32Array(data.length);
    for (let i = 0; i < out.length; i += 1) {
      let [rest, at] = [i, 0];
      for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
        at += (rest % shape[axis]!) * steps[axis]!;
        rest = Math.floor(rest / shape[axis]!);
      }
      out[i] = data[at]!;
    }
    return [out, shape];
  };
}
