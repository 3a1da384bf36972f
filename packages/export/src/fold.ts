/**
 * Folds batch normalisation into the layer before it. With running statistics it is one factor and
 * one offset per channel, which a dense or convolution layer's weights and bias can take over;
 * onnxruntime does so only for Conv, and only at load.
 */
import { type Layer, type Network, type NetworkSpec, resolveNetwork } from '@ganport/model';

export type WeightArrays = Record<string, Float32Array>;

export interface Folded {
  network: Network;
  weights: WeightArrays;
}

/** Layers whose output channels' factors their weights can take over. */
const FOLDABLE: ReadonlySet<string> = new Set(['dense', 'conv2d', 'convTranspose2d']);

/** The same function without the batchNorm layers that could be folded; the input stays as it is. */
export function foldBatchNorm(network: Network, weights: WeightArrays): Folded {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  const users = countUsers(network);
  const folded: WeightArrays = { ...weights };
  const replaced = new Map<string, string>();
  const biased = new Set<string>();
  for (const norm of network.layers) {
    if (norm.type !== 'batchNorm') continue;
    const target = findTarget(norm, layers, users);
    if (!target) continue;
    foldInto(target, norm, folded);
    biased.add(target.name);
    replaced.set(norm.name, norm.from[0]!);
  }
  const source = (name: string): string => {
    const before = replaced.get(name);
    return before === undefined ? name : source(before);
  };
  const spec = {
    inputs: network.inputs,
    layers: network.layers
      .filter(({ name }) => !replaced.has(name))
      .map(({ name, options, from }) => ({
        ...options,
        ...(biased.has(name) ? { bias: true } : {}),
        name,
        from: from.map(source),
      })),
    output: source(network.outputs.output.layer),
  } as unknown as NetworkSpec;
  return { network: resolveNetwork(spec, 'the folded generator'), weights: folded };
}

function countUsers({ layers, outputs }: Network): Map<string, number> {
  const users = new Map<string, number>();
  const used = [
    ...layers.flatMap(({ from }) => from),
    ...Object.values(outputs).map((o) => o.layer),
  ];
  for (const name of used) users.set(name, (users.get(name) ?? 0) + 1);
  return users;
}

/**
 * The layer that can take a batchNorm over: before it, or before reshapes before it; used by no other,
 * and with each of its outputs in one of the batchNorm's channels.
 */
function findTarget(
  norm: Layer,
  layers: ReadonlyMap<string, Layer>,
  users: ReadonlyMap<string, number>,
): Layer | undefined {
  let layer = layers.get(norm.from[0]!);
  while (layer?.type === 'reshape' && users.get(layer.name) === 1)
    layer = layers.get(layer.from[0]!);
  if (!layer || !FOLDABLE.has(layer.type) || users.get(layer.name) !== 1) return undefined;
  return layer.shape[0]! % norm.shape[0]! === 0 ? layer : undefined;
}

/** Multiplies `target`'s weights and sets its bias so that `norm` after it is the identity. */
function foldInto(target: Layer, norm: Layer, weights: WeightArrays): void {
  const { epsilon } = norm.options as { epsilon: number };
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (name) => weights[`${norm.name}.${name}`]!,
  );
  const weight = weights[`${target.name}.weight`]!.slice();
  const shape = target.parameters.find(({ name }) => name === `${target.name}.weight`)!.shape;
  // ConvTranspose weights are [in, out, kh, kw]; the others have the outputs first.
  const transposed = target.type === 'convTranspose2d';
  const outputs = shape[transposed ? 1 : 0]!;
  const inner = shape.slice(transposed ? 2 : 1).reduce((a, b) => a * b, 1);
  // A reshape keeps their order: each channel of the batchNorm has as many of them, one after the other.
  const perChannel = outputs / norm.shape[0]!;
  const factor = Float64Array.from({ length: outputs }, (_, unit) => {
    const c = Math.floor(unit / perChannel);
    return gamma![c]! / Math.sqrt(variance![c]! + epsilon);
  });
  for (let i = 0; i < weight.length; i++) weight[i]! *= factor[Math.floor(i / inner) % outputs]!;
  const bias = weights[`${target.name}.bias`];
  weights[`${target.name}.weight`] = weight;
  weights[`${target.name}.bias`] = Float32Array.from(factor, (f, unit) => {
    const c = Math.floor(unit / perChannel);
    return ((bias?.[unit] ?? 0) - mean![c]!) * f + beta![c]!;
  });
}
