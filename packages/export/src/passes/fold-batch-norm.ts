import {
  codesSpec,
  inputSpec,
  type Layer,
  type Network,
  type NetworkSpec,
  resolveNetwork,
} from '@ganport/model';
import type { WeightArrays, WeightedNetwork } from './weighted-network.ts';

/** Layers whose weights and bias can take over a factor and an offset of each output channel. */
const TARGETS: ReadonlySet<string> = new Set(['dense', 'conv2d', 'convTranspose2d']);

/** Layers that, when drawing, keep the order of the elements and change none. */
const KEEPERS: ReadonlySet<string> = new Set(['reshape', 'flatten', 'dropout']);

/**
 * Layers whose output at a channel is a mean of their input at that channel, or at whole channels that become
 * one: an affine function passes through.
 */
const MEANS: ReadonlySet<string> = new Set(['avgPool2d', 'upsample2d', 'pixelShuffle']);

/** y = (x − shift) · factor + offset, each by channel: batch normalisation with running statistics. */
interface Affine {
  shift: ArrayLike<number>;
  factor: ArrayLike<number>;
  offset: ArrayLike<number>;
}

/**
 * Folds batch normalisation into the layer before it; onnxruntime does so only for Conv, and only at
 * load.
 *
 * Before: a network with all its weights, which stay as they are.
 * After: the same function, up to rounding, of the same inputs and outputs. Of the batchNorm layers only
 * those are left whose input is not a dense or convolution layer's alone, through reshapes, dropout, pooling,
 * upsampling or another batchNorm, with each of that layer's outputs in one of their channels.
 */
export function foldBatchNorm({ network, weights }: WeightedNetwork): WeightedNetwork {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  const users = countUsers(network);
  const folded: Record<string, Float32Array> = { ...weights };
  /** Names of folded layers, and of what stands in their place. */
  const replaced = new Map<string, string>();
  const biased = new Set<string>();
  for (const norm of network.layers) {
    if (norm.type !== 'batchNorm') continue;
    const target = findTarget(norm, layers, users, replaced);
    if (!target) continue;
    Object.assign(folded, absorb(target, affineOf(norm, weights), folded));
    biased.add(target.name);
    replaced.set(norm.name, norm.from[0]!);
  }
  return { network: withoutLayers(network, replaced, biased), weights: folded };
}

/** How many layers and outputs take each layer. */
function countUsers({ layers, outputs }: Network): Map<string, number> {
  const users = new Map<string, number>();
  const taken = Object.values(outputs).map(({ layer }) => layer);
  for (const name of [...layers.flatMap(({ from }) => from), ...taken])
    users.set(name, (users.get(name) ?? 0) + 1);
  return users;
}

/** The layer that can take a batchNorm over, used by no other than by way of it. */
function findTarget(
  norm: Layer,
  layers: ReadonlyMap<string, Layer>,
  users: ReadonlyMap<string, number>,
  folded: ReadonlyMap<string, string>,
): Layer | undefined {
  const channels = norm.shape[0]!;
  const isWhole = ({ shape }: Layer) => shape[0]! % channels === 0;
  let layer = layers.get(norm.from[0]!);
  while (layer && users.get(layer.name) === 1) {
    if (TARGETS.has(layer.type)) return isWhole(layer) ? layer : undefined;
    const passes =
      KEEPERS.has(layer.type) ||
      folded.has(layer.name) ||
      (MEANS.has(layer.type) && isWhole(layer));
    if (!passes) return undefined;
    layer = layers.get(layer.from[0]!);
  }
  return undefined;
}

function affineOf({ name, options }: Layer, weights: WeightArrays): Affine {
  const { epsilon } = options as { epsilon: number };
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (parameter) => weights[`${name}.${parameter}`]!,
  );
  const factor = Float64Array.from(gamma!, (g, c) => g / Math.sqrt(variance![c]! + epsilon));
  return { shift: mean!, factor, offset: beta! };
}

/** A layer's weight and bias with an affine function of its outputs taken over. */
function absorb(
  target: Layer,
  { shift, factor, offset }: Affine,
  weights: WeightArrays,
): WeightArrays {
  const [weightName, biasName] = [`${target.name}.weight`, `${target.name}.bias`];
  const { shape } = target.parameters.find(({ name }) => name === weightName)!;
  const outputs = target.shape[0]!;
  const outputOf = outputOfWeight(target, shape);
  // Reshapes keep their order: each channel has as many of them, one after the other.
  const channelOf = (output: number) => Math.floor((output * factor.length) / outputs);
  const old = weights[biasName];
  return {
    [weightName]: weights[weightName]!.map((w, i) => w * factor[channelOf(outputOf(i))]!),
    [biasName]: Float32Array.from({ length: outputs }, (_, output) => {
      const c = channelOf(output);
      return ((old?.[output] ?? 0) - shift[c]!) * factor[c]! + offset[c]!;
    }),
  };
}

/** Which output each number of a weight is for. */
function outputOfWeight({ type, options }: Layer, shape: readonly number[]): (i: number) => number {
  if (type !== 'convTranspose2d') {
    const inner = shape.slice(1).reduce((a, b) => a * b, 1);
    return (i) => Math.floor(i / inner);
  }
  // [in, out / groups, kh, kw]: each group of inputs has outputs of its own.
  const [inputs, each, kh, kw] = shape as [number, number, number, number];
  const { groups } = options as { groups: number };
  return (i) => {
    const input = Math.floor(i / (each * kh * kw));
    const group = Math.floor((input * groups) / inputs);
    return group * each + (Math.floor(i / (kh * kw)) % each);
  };
}

/** The network without the layers that others stand in place of, and with a bias where one was made. */
function withoutLayers(
  network: Network,
  replaced: ReadonlyMap<string, string>,
  biased: ReadonlySet<string>,
): Network {
  const source = (name: string): string => {
    const before = replaced.get(name);
    return before === undefined ? name : source(before);
  };
  const { output, ...others } = network.outputs;
  const outputs = Object.entries(others).map(([name, { layer }]) => [name, source(layer)]);
  const spec = {
    inputs: inputSpec(network),
    codes: codesSpec(network.codes),
    layers: network.layers
      .filter(({ name }) => !replaced.has(name))
      .map(({ name, options, from }) => ({
        ...options,
        ...(biased.has(name) ? { bias: true } : {}),
        name,
        from: from.map(source),
      })),
    output: source(output.layer),
    outputs: Object.fromEntries(outputs),
  } as unknown as NetworkSpec;
  return resolveNetwork(spec, 'the folded network');
}
