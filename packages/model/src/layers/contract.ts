/**
 * What a layer is. Its options are a zod schema with every default written out; its shapes leave out the
 * batch: [units] or [channels, height, width]; its lowering to ONNX operators is all that trains it and
 * draws with it. Weights are laid out as PyTorch lays them out. A new layer is a file beside this one and
 * a line in table.ts.
 */
import type { Value } from '@ganport/onnx';
import * as z from 'zod';

export type Size = readonly number[];

export interface Parameter {
  /** Name within the layer, as in PyTorch: weight, bias, running_mean, running_var. */
  name: string;
  shape: Size;
  init: Init;
  /** False for what is counted and not trained: a layer gives its next value with `update`. */
  trained: boolean;
}

export type Init =
  | { type: 'constant'; value: number }
  /** Uniform in ±bound. */
  | { type: 'uniform'; bound: number }
  | { type: 'normal'; deviation: number };

/** Uniform in (0, 1), or standard normal. */
export type Distribution = 'uniform' | 'normal';

export interface LowerContext {
  /** Whether this is a pass of training; else the layer draws, and images of a batch never see each other. */
  training: boolean;
  /** The layer's parameter of this name. */
  weight(name: string): Value;
  /** Gives the next value of a parameter that is counted and not trained; only in training. */
  update(name: string, next: Value): void;
  /** Random numbers, other ones in each pass of each step; only in training. */
  random(name: string, shape: Size, distribution: Distribution): Value;
}

/** `any` where the kind of layer is known only at run time: its options were checked by its schema. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
export interface LayerKind<S extends z.ZodType = z.ZodType<any>> {
  options: S;
  /**
   * What it takes: one tensor, several of them, or one label, whose size is [classes] and whose value is
   * int64 [N].
   */
  inputs: 'one' | 'many' | 'label';
  /** In training, images of a batch see each other: real and generated ones must not share a batch. */
  mixesBatch?: boolean;
  /** The shape of the output. Throws a LayerError if the inputs do not fit. */
  shape(options: z.infer<S>, inputs: readonly Size[]): Size;
  parameters?(options: z.infer<S>, inputs: readonly Size[]): Parameter[];
  /** The output, [N, ...shape]. May throw a LayerError too: the batch is known only here. */
  lower(options: z.infer<S>, inputs: readonly Value[], context: LowerContext): Value;
}

/** What a layer says when its input does not fit; the network adds which layer. */
export class LayerError extends Error {}

/** A name of a layer or of an output. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'expected a name of letters, digits, _ and -');

const common = {
  /** Defaults to the layer's position in the list. */
  name: nameSchema.optional(),
  /** The layer or input it takes, or several; the layer before it by default. */
  from: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
};

type Options<T extends string, O extends z.ZodRawShape> = z.ZodObject<
  typeof common & { type: z.ZodLiteral<T> } & O,
  z.core.$strict
>;

/**
 * A kind of layer.
 * @param type what the network's JSON calls it, and table.ts
 * @param options beside its name and `from`, every default written out
 */
export function layer<T extends string, O extends z.ZodRawShape>(
  type: T,
  options: O,
  kind: Omit<LayerKind<Options<T, O>>, 'options'>,
): LayerKind<Options<T, O>> {
  const schema = z.strictObject({ ...common, type: z.literal(type), ...options });
  return { options: schema as unknown as Options<T, O>, ...kind };
}
