import { codesSpec, inputSpec, type Layer, type NetworkSpec, resolveNetwork } from '@ganport/model';
import type { WeightedNetwork } from './weighted-network.ts';

/**
 * Divides weights by their spectral norms once and for all.
 *
 * Before: a network with all its weights, which stay as they are.
 * After: the same function, up to rounding, of the same inputs and outputs; no layer has the option spectralNorm.
 */
export function bakeSpectralNorm({ network, weights }: WeightedNetwork): WeightedNetwork {
  const baked: Record<string, Float32Array> = { ...weights };
  for (const layer of network.layers.filter(isNormalized)) {
    const [weight, u] = [`${layer.name}.weight`, `${layer.name}.weight_u`];
    const sigma = spectralNorm(layer, weights[weight]!, weights[u]!);
    baked[weight] = weights[weight]!.map((w) => w / sigma);
    delete baked[u];
  }
  const { output, ...others } = network.outputs;
  const spec = {
    inputs: inputSpec(network),
    codes: codesSpec(network.codes),
    layers: network.layers.map((layer) => ({
      ...layer.options,
      ...(isNormalized(layer) && { spectralNorm: false }),
      name: layer.name,
      from: layer.from,
    })),
    output: output.layer,
    outputs: Object.fromEntries(Object.entries(others).map(([name, { layer }]) => [name, layer])),
  } as unknown as NetworkSpec;
  return { network: resolveNetwork(spec, 'the network without spectral norms'), weights: baked };
}

function isNormalized({ options }: Layer): boolean {
  return 'spectralNorm' in options && options.spectralNorm;
}

/** σ as the layer has it when it draws: one power iteration on from u, in double precision. */
function spectralNorm({ type, parameters }: Layer, weight: Float32Array, u: Float32Array): number {
  // ConvTranspose weights are [in, out, kh, kw]; the others have the outputs first.
  const axis = type === 'convTranspose2d' ? 1 : 0;
  const shape = parameters[0]!.shape;
  const outputs = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outputOf = (i: number) => Math.floor(i / inner) % outputs;
  const columnOf = (i: number) => Math.floor(i / (inner * outputs)) * inner + (i % inner);
  const v = new Float64Array(weight.length / outputs);
  weight.forEach((w, i) => {
    v[columnOf(i)]! += w * u[outputOf(i)]!;
  });
  const length = lengthOf(v);
  const image = new Float64Array(outputs);
  weight.forEach((w, i) => {
    image[outputOf(i)]! += (w * v[columnOf(i)]!) / length;
  });
  return lengthOf(image);
}

function lengthOf(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
}
