/** A network as data: JSON in, a checked list of layers with shapes and parameters out. */
import { sizeOf } from '@ganport/onnx';
import * as z from 'zod';
import { type Code, codesOf } from './codes.ts';
import { codesSchema } from './codes-schema.ts';
import { ModelError, parseOrThrow, quote } from './error.ts';
import {
  LAYERS,
  LayerError,
  type LayerKind,
  type LayerType,
  nameSchema,
  type Parameter,
  type Size,
} from './layers/index.ts';

type LayerSchema = (typeof LAYERS)[LayerType]['options'];

const TYPES = (Object.keys(LAYERS) as LayerType[]).toSorted();

const layerSchema = z.discriminatedUnion(
  'type',
  TYPES.map((type): LayerSchema => LAYERS[type].options) as [LayerSchema],
);

/** More would be a mistake: the deepest published image GANs have a few hundred layers. */
const MAX_LAYERS = 1000;

/** Of one image in a layer, and of one parameter: no weights file could hold more float32 numbers. */
const MAX_ELEMENTS = 2 ** 29;

const dim = z.int().min(1).max(65_536);

/** A tensor's shape, without the batch; or a label, int64 [N], of one of `classes` classes from 0. */
const inputSchema = z.union([z.array(dim).min(1).max(3), z.strictObject({ classes: dim.min(2) })], {
  error: 'expected a shape of one to three sizes, or { "classes": number }',
});

export const networkSchema = z.strictObject({
  inputs: z
    .record(z.string(), inputSchema)
    .describe('by name, shapes without the batch, or `{ "classes": number }` of a label'),
  layers: z.array(layerSchema).min(1).max(MAX_LAYERS).describe('in order'),
  output: z
    .string()
    .describe("the layer whose output is the network's main one; the last by default")
    .optional(),
  outputs: z
    .record(nameSchema, z.string())
    .describe('further outputs by name, each the name of a layer')
    .optional(),
  codes: codesSchema
    .describe(
      'an InfoGAN\'s, of a generator: what the first numbers of z are, in order, `{ "categories": number }` or `"normal"` for one number; the discriminator has an output of each name',
    )
    .optional(),
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

/** One of a network's outputs: the layer (or input) it is of, and its shape without the batch. */
export interface Output {
  layer: string;
  shape: Size;
}

export interface Network {
  /** Shapes of the inputs that are tensors, without the batch. */
  inputs: Record<string, Size>;
  /** Numbers of classes of the inputs that are labels. */
  labels: Record<string, number>;
  layers: Layer[];
  /** By name; the main one is "output". */
  outputs: Record<string, Output> & { output: Output };
  /** The main output's. */
  outputShape: Size;
  /** All parameters, in the order of the layers. */
  parameters: Parameter[];
  /** In training, images of a batch see each other: real and generated ones must not share a batch. */
  mixesBatch: boolean;
  /** What the first numbers of the input z are; none but of an InfoGAN's generator. */
  codes: readonly Code[];
}

/** What a layer can take: a tensor of this size, or a label, whose size is [classes]. */
interface Source {
  size: Size;
  label: boolean;
}

type Sources = Map<string, Source>;

/**
 * Validates a network and works out the shape and the parameters of every layer.
 * @param what names the network in errors: "generator".
 * @throws ModelError that names the layer, what it expected and what it got.
 */
export function resolveNetwork(spec: unknown, what: string): Network {
  const resolvedSpec = parseOrThrow(networkSchema, spec, what);
  const { inputs, layers: listed, output, outputs } = resolvedSpec;
  const sources: Sources = new Map();
  for (const [name, given] of Object.entries(inputs)) {
    const label = 'classes' in given;
    sources.set(name, { label, size: label ? [given.classes] : given });
  }
  if (sources.size === 0) throw new ModelError(`${what}: it has no inputs`);
  const [first] = sources.keys();
  // Which of several comes first is nothing that should matter.
  let previous = sources.size === 1 ? first : undefined;
  const layers = listed.map((options, index) => {
    const { type, name = String(index), from = previous } = options;
    const where = `${what}, layer ${index} ${quote(name)} (${type})`;
    if (sources.has(name)) throw new ModelError(`${where}: the name is taken`);
    if (from === undefined) {
      const names = Object.keys(inputs).map(quote).join(', ');
      throw new ModelError(`${where}: "from" must say which of the inputs it takes: ${names}`);
    }
    const resolved = resolveLayer({ options, name, from: [from].flat() }, sources, where);
    sources.set(name, { size: resolved.shape, label: false });
    previous = name;
    return resolved;
  });
  const codes = codesOf(resolvedSpec.codes);
  expectRoom(codes, sources, what);
  const resolved = resolveOutputs(output ?? previous!, outputs ?? {}, sources, what);
  const given = Object.entries(inputs);
  return {
    inputs: Object.fromEntries(
      given.flatMap(([name, input]) => ('classes' in input ? [] : [[name, input]])),
    ),
    labels: Object.fromEntries(
      given.flatMap(([name, input]) => ('classes' in input ? [[name, input.classes]] : [])),
    ),
    layers,
    outputs: resolved,
    outputShape: resolved.output.shape,
    parameters: layers.flatMap((l) => l.parameters),
    mixesBatch: layers.some(({ type }) => (LAYERS[type] as LayerKind).mixesBatch ?? false),
    codes,
  };
}

/** @throws ModelError where z has not as many numbers as its codes take */
function expectRoom(codes: readonly Code[], sources: Sources, what: string): void {
  const taken = codes.reduce((sum, { size }) => sum + size, 0);
  if (taken === 0) return;
  const latents = sources.get('z');
  if (latents && !latents.label && latents.size.length === 1 && latents.size[0]! >= taken) return;
  const got = latents ? `[${latents.size}]` : 'none';
  throw new ModelError(
    `${what}: its codes are the first ${taken} numbers of an input "z": expected "z": [${taken}] or more, got ${got}`,
  );
}

function resolveLayer(
  { options, name, from }: Pick<Layer, 'options' | 'name' | 'from'>,
  sources: Sources,
  where: string,
): Layer {
  const kind: LayerKind = LAYERS[options.type];
  const taken = from.map((source) => {
    const found = sources.get(source);
    if (!found)
      throw new ModelError(`${where}: there is no earlier layer or input ${quote(source)}`);
    return found;
  });
  if (taken.length > 1 && kind.inputs !== 'many')
    throw new ModelError(`${where}: expected one input, got ${taken.length}`);
  try {
    const sizes = taken.map((source) => sizeFor(kind, source));
    const shape = kind.shape(options, sizes);
    const parameters = (kind.parameters?.(options, sizes) ?? []).map((p) => ({
      ...p,
      name: `${name}.${p.name}`,
    }));
    expectSize('its output', shape);
    for (const parameter of parameters) expectSize(parameter.name, parameter.shape);
    return { name, type: options.type, options, from, shape, parameters };
  } catch (error) {
    if (error instanceof LayerError) throw new ModelError(`${where}: ${error.message}`);
    throw error;
  }
}

function sizeFor(kind: LayerKind, { size, label }: Source): Size {
  if (label === (kind.inputs === 'label')) return size;
  throw new LayerError(
    label
      ? `expected a tensor, got a label of ${size} classes; an embedding layer makes one of it`
      : `expected a label, an input of { "classes": number }, got [${size}]`,
  );
}

function expectSize(what: string, shape: Size): void {
  if (sizeOf(shape) <= MAX_ELEMENTS) return;
  throw new LayerError(`${what} would be [${shape}]: expected at most ${MAX_ELEMENTS} elements`);
}

function resolveOutputs(
  main: string,
  others: Readonly<Record<string, string>>,
  sources: Sources,
  what: string,
): Network['outputs'] {
  if (Object.hasOwn(others, 'output')) {
    throw new ModelError(`${what}: "output" names the main output, and none of "outputs"`);
  }
  const outputOf = (layer: string, role: string): Output => {
    const source = sources.get(layer);
    if (!source) throw new ModelError(`${what}: there is no layer ${quote(layer)} to be ${role}`);
    if (source.label)
      throw new ModelError(`${what}: ${role} cannot be ${quote(layer)}, which is a label`);
    return { layer, shape: source.size };
  };
  const entries = Object.entries(others).map(([name, layer]) => {
    return [name, outputOf(layer, `the output ${quote(name)}`)] as const;
  });
  return { output: outputOf(main, 'the output'), ...Object.fromEntries(entries) };
}

/** A network's inputs as its JSON has them. */
export function inputSpec({ inputs, labels }: Network): z.infer<typeof networkSchema>['inputs'] {
  const classes = Object.entries(labels).map(([name, n]) => [name, { classes: n }] as const);
  return { ...(inputs as Record<string, number[]>), ...Object.fromEntries(classes) };
}

/** Number of trained weights. */
export function countParameters({ parameters }: Network): number {
  const trained = parameters.filter((p) => p.trained);
  return trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
