/** A network as data: JSON in, a checked list of layers with shapes and parameters out. */
import { sizeOf, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { ModelError, parseOrThrow, quote } from './error.ts';
import {
  type BatchNormForm,
  JOINS,
  LAYERS,
  LayerError,
  type LayerKind,
  type LayerType,
  type Parameter,
  type Size,
} from './layers.ts';

type LayerSchema = (typeof LAYERS)[LayerType]['options'];

const layerSchema = z.discriminatedUnion(
  'type',
  Object.values(LAYERS).map(({ options }): LayerSchema => options) as [LayerSchema],
);

/** More would be a mistake: the deepest published image GANs have a few hundred layers. */
const MAX_LAYERS = 1000;

/** Of one image in a layer, and of one parameter: no weights file could hold more float32 numbers. */
const MAX_ELEMENTS = 2 ** 29;

export const networkSchema = z.strictObject({
  /** Shape of each input, without the batch. */
  inputs: z.record(z.string(), z.array(z.int().positive().max(65_536)).min(1).max(3)),
  layers: z.array(layerSchema).min(1).max(MAX_LAYERS),
  /** The layer whose output is the network's; the last by default. */
  output: z.string().optional(),
});

/** A network as its author writes it. */
export type NetworkSpec = z.input<typeof networkSchema>;

export interface Layer {
  name: string;
  type: LayerType;
  /** The resolved options, defaults included. */
  options: z.infer<typeof layerSchema>;
  from: string[];
  shape: Size;
  /** Parameters with their full names, `layer.weight`. */
  parameters: Parameter[];
}

export interface Network {
  inputs: Record<string, Size>;
  layers: Layer[];
  output: string;
  outputShape: Size;
  /** All parameters, in the order of the layers. */
  parameters: Parameter[];
}

/**
 * Validates a network and works out the shape and the parameters of every layer.
 * @param what names the network in errors: "generator".
 * @throws ModelError that names the layer, what it expected and what it got.
 */
export function resolveNetwork(spec: unknown, what: string): Network {
  const { inputs, layers: listed, output } = parseOrThrow(networkSchema, spec, what);
  const shapes = new Map<string, Size>(Object.entries(inputs));
  if (shapes.size === 0) throw new ModelError(`${what}: it has no inputs`);
  let previous = [...shapes.keys()].at(-1)!;
  const layers = listed.map((options, index): Layer => {
    const { type, name = String(index), from = previous } = options;
    const where = `${what}, layer ${index} ${quote(name)} (${type})`;
    if (shapes.has(name)) throw new ModelError(`${where}: the name is taken`);
    const sources = typeof from === 'string' ? [from] : from;
    const got = sources.map((source) => {
      const shape = shapes.get(source);
      if (!shape)
        throw new ModelError(`${where}: there is no earlier layer or input ${quote(source)}`);
      return shape;
    });
    if (got.length > 1 && !JOINS.has(type))
      throw new ModelError(`${where}: expected one input, got ${got.length}`);
    try {
      const kind: LayerKind = LAYERS[type];
      const shape = kind.shape(options, got);
      shapes.set(name, shape);
      previous = name;
      const parameters = (kind.parameters?.(options, got[0]!) ?? []).map((p) => ({
        ...p,
        name: `${name}.${p.name}`,
      }));
      expectSize('its output', shape);
      for (const parameter of parameters) expectSize(parameter.name, parameter.shape);
      return { name, type, options, from: sources, shape, parameters };
    } catch (error) {
      if (error instanceof LayerError) throw new ModelError(`${where}: ${error.message}`);
      throw error;
    }
  });
  const last = output ?? previous;
  const outputShape = shapes.get(last);
  if (!outputShape)
    throw new ModelError(`${what}: there is no layer ${quote(last)} to be the output`);
  return {
    inputs,
    layers,
    output: last,
    outputShape,
    parameters: layers.flatMap((l) => l.parameters),
  };
}

function expectSize(what: string, shape: Size): void {
  if (sizeOf(shape) <= MAX_ELEMENTS) return;
  throw new LayerError(`${what} would be [${shape}]: expected at most ${MAX_ELEMENTS} elements`);
}

/** Number of trained weights. */
export function countParameters({ parameters }: Network): number {
  const trained = parameters.filter((p) => p.trained);
  return trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The batch's statistics at a batchNorm layer, in training. */
export interface BatchStatistics {
  layer: Layer;
  mean: Value;
  variance: Value;
  /** Elements per channel that the statistics are over. */
  count: number;
}

export interface Lowered {
  output: Value;
  statistics: BatchStatistics[];
}

/**
 * The network as ONNX operators.
 * @param inputs its inputs by name, each [N, ...shape]
 * @param weights its parameters by full name
 * @param batchNorm how batch normalisation is computed; with the batch's statistics it reports them
 */
export function lowerNetwork(
  network: Network,
  inputs: Readonly<Record<string, Value>>,
  weights: Readonly<Record<string, Value>>,
  batchNorm: BatchNormForm,
): Lowered {
  const values = new Map<string, Value>(Object.entries(inputs));
  const statistics: BatchStatistics[] = [];
  for (const layer of network.layers) {
    const from = layer.from.map((name) => values.get(name)!);
    const kind: LayerKind = LAYERS[layer.type];
    const y = kind.lower(layer.options, from, {
      batchNorm,
      weight: (name) => weights[`${layer.name}.${name}`]!,
      statistics: (mean, variance) => {
        const sizes = from[0]!.shape as number[];
        const count = sizes.reduce((a, b) => a * b, 1) / sizes[1]!;
        statistics.push({ layer, mean, variance, count });
      },
    });
    values.set(layer.name, y);
  }
  return { output: values.get(network.output)!, statistics };
}
