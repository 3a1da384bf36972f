/**
 * The layers a network is made of. Each has its options (a zod schema with every default written
 * out), the shape it gives, its parameters, and its lowering to ONNX operators. Shapes leave out the
 * batch: [units] or [channels, height, width]. Weights are laid out as PyTorch lays them out.
 */
import { ops as op, type Value } from '@ganport/onnx';
import * as z from 'zod';

export type Size = readonly number[];

export interface Parameter {
  /** Name within the layer, as in PyTorch: weight, bias, running_mean, running_var. */
  name: string;
  shape: Size;
  init: Init;
  /** False for batch statistics, which are counted, not trained. */
  trained: boolean;
}

export type Init =
  | { type: 'constant'; value: number }
  /** Uniform in ±bound. */
  | { type: 'uniform'; bound: number }
  | { type: 'normal'; deviation: number };

/**
 * How batch normalisation is lowered: with the running statistics, for drawing; or with the batch's,
 * for training, by one operator ("fused", which only onnxruntime's CPU provider runs) or by several.
 * After a narrow convolution both use `normalizeConv`.
 */
export type BatchNormForm = 'running' | 'fused' | 'composed';

export interface LowerContext {
  batchNorm: BatchNormForm;
  /** The layer's parameter of this name. */
  weight(name: string): Value;
  /** Reports the batch's mean and population variance, [channels] each. */
  statistics(mean: Value, variance: Value): void;
}

/** `any` where the kind of layer is known only at run time: its options were checked by its schema. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
export interface LayerKind<S extends z.ZodType = z.ZodType<any>> {
  options: S;
  /** The shape of the output. Throws a LayerError if the inputs do not fit. */
  shape(options: z.infer<S>, inputs: readonly Size[]): Size;
  parameters?(options: z.infer<S>, input: Size): Parameter[];
  lower(options: z.infer<S>, inputs: readonly Value[], context: LowerContext): Value;
}

/** What a layer says when its input does not fit; the network adds which layer. */
export class LayerError extends Error {}

const count = z.int().min(1).max(65_536);
const margin = z.int().min(0).max(1024);
/** One number for both height and width, or one each. */
const pair = (each: z.ZodInt) =>
  z
    .union([each, z.tuple([each, each])], {
      error: `expected a whole number from ${each.minValue} to ${each.maxValue}, or two: [height, width]`,
    })
    .transform((v): [number, number] => (typeof v === 'number' ? [v, v] : v));

const base = {
  /** Defaults to the layer's position in the list. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'only letters, digits, _ and -')
    .optional(),
  /** The layer or input it takes, or several; the layer before it by default. */
  from: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
};

/**
 * Initial weights: "uniform" is ±1/√fan_in, PyTorch's default for dense and convolution layers;
 * "normal" is N(0, 0.02²) without bias, as in DCGAN (Radford et al. 2015).
 */
const init = z.enum(['uniform', 'normal']).default('uniform');

/** The options of a convolution and of its transpose. */
const convolution = <T extends string>(type: T) =>
  z.strictObject({
    ...base,
    type: z.literal(type),
    filters: count,
    kernel: pair(count),
    stride: pair(count).default([1, 1]),
    pad: pair(margin).default([0, 0]),
    bias: z.boolean().default(true),
    init,
  });

/** Infers a layer's options from its schema. */
const layer = <S extends z.ZodType>(kind: LayerKind<S>): LayerKind<S> => kind;

export const LAYERS = {
  dense: layer({
    options: z.strictObject({
      ...base,
      type: z.literal('dense'),
      units: count,
      bias: z.boolean().default(true),
      init,
    }),
    shape: ({ units }, [x]) => {
      expectRank(x!, 1, '[units]; a flatten layer makes one of an image');
      return [units];
    },
    parameters: ({ units, bias, init }, [width]) =>
      weights([units, width!], units, width!, bias, init),
    lower: ({ bias }, [x], { weight }) =>
      op.Gemm(x!, weight('weight'), bias ? weight('bias') : undefined, { transB: true }),
  }),

  conv2d: layer({
    options: convolution('conv2d'),
    shape: ({ filters, kernel, stride, pad }, [x]) => {
      expectImage(x!);
      const size = [0, 1].map(
        (i) => Math.floor((x![i + 1]! + 2 * pad[i]! - kernel[i]!) / stride[i]!) + 1,
      );
      return fits([filters, ...size], `kernel ${kernel.join('×')} is larger than its input [${x}]`);
    },
    parameters: ({ filters, kernel, bias, init }, [channels]) =>
      weights(
        [filters, channels!, ...kernel],
        filters,
        channels! * kernel[0] * kernel[1],
        bias,
        init,
      ),
    lower: ({ stride, pad, bias }, [x], { weight }) =>
      op.Conv(x!, weight('weight'), bias ? weight('bias') : undefined, {
        strides: stride,
        pads: [pad[0], pad[1], pad[0], pad[1]],
      }),
  }),

  convTranspose2d: layer({
    options: convolution('convTranspose2d'),
    shape: ({ filters, kernel, stride, pad }, [x]) => {
      expectImage(x!);
      const size = [0, 1].map((i) => (x![i + 1]! - 1) * stride[i]! + kernel[i]! - 2 * pad[i]!);
      return fits([filters, ...size], `pad ${pad.join('×')} leaves nothing of its input [${x}]`);
    },
    // PyTorch takes the fan-in of a [in, out, kh, kw] weight from its second axis.
    parameters: ({ filters, kernel, bias, init }, [channels]) =>
      weights(
        [channels!, filters, ...kernel],
        filters,
        filters * kernel[0] * kernel[1],
        bias,
        init,
      ),
    lower: ({ stride, pad, bias }, [x], { weight }) =>
      op.ConvTranspose(x!, weight('weight'), bias ? weight('bias') : undefined, {
        strides: stride,
        pads: [pad[0], pad[1], pad[0], pad[1]],
      }),
  }),

  /** Ioffe & Szegedy 2015; momentum as in PyTorch: running = (1 − momentum) · running + momentum · batch. */
  batchNorm: layer({
    options: z.strictObject({
      ...base,
      type: z.literal('batchNorm'),
      epsilon: z.number().positive().max(1).default(1e-5),
      momentum: z.number().min(0).max(1).default(0.1),
    }),
    shape: (_, [x]) => x!,
    parameters: (_, [channels]) => {
      const vector = (name: string, value: number, trained: boolean): Parameter => ({
        name,
        shape: [channels!],
        init: { type: 'constant', value },
        trained,
      });
      return [
        vector('weight', 1, true),
        vector('bias', 0, true),
        vector('running_mean', 0, false),
        vector('running_var', 1, false),
      ];
    },
    lower: ({ epsilon }, [x], { batchNorm, weight, statistics }) => {
      const [scale, bias] = [weight('weight'), weight('bias')];
      if (batchNorm === 'running') {
        return op.BatchNormalization(
          x!,
          scale,
          bias,
          weight('running_mean'),
          weight('running_var'),
          epsilon,
        );
      }
      const ofBatch = batchNorm === 'fused' ? op.BatchNormalizationTraining : op.normalizeBatch;
      const normalize = op.isNarrowConv(x!) ? op.normalizeConv : ofBatch;
      const [y, mean, variance] = normalize(x!, scale, bias, epsilon);
      statistics(mean, variance);
      return y;
    },
  }),

  relu: elementwise('relu', {}, (x) => op.Relu(x)),
  leakyRelu: elementwise(
    'leakyRelu',
    { slope: z.number().min(0).max(1).default(0.01) },
    (x, { slope }) => op.LeakyRelu(x, slope),
  ),
  tanh: elementwise('tanh', {}, (x) => op.Tanh(x)),
  sigmoid: elementwise('sigmoid', {}, (x) => op.Sigmoid(x)),

  avgPool2d: layer({
    options: z.strictObject({
      ...base,
      type: z.literal('avgPool2d'),
      kernel: pair(count),
      stride: pair(count).optional(),
    }),
    shape: ({ kernel, stride = kernel }, [x]) => {
      expectImage(x!);
      const size = [0, 1].map((i) => Math.floor((x![i + 1]! - kernel[i]!) / stride[i]!) + 1);
      return fits([x![0]!, ...size], `window ${kernel.join('×')} is larger than its input [${x}]`);
    },
    lower: ({ kernel, stride = kernel }, [x]) => op.AveragePool(x!, { kernel, strides: stride }),
  }),

  /** Repeats each pixel `scale` times in both directions (nearest neighbour). */
  upsample2d: layer({
    options: z.strictObject({
      ...base,
      type: z.literal('upsample2d'),
      scale: z.int().min(2).max(16).default(2),
    }),
    shape: ({ scale }, [x]) => {
      expectImage(x!);
      return [x![0]!, x![1]! * scale, x![2]! * scale];
    },
    lower: ({ scale }, [x]) => op.Resize(x!, [scale, scale]),
  }),

  reshape: layer({
    options: z.strictObject({
      ...base,
      type: z.literal('reshape'),
      shape: z.array(count).min(1).max(3),
    }),
    shape: ({ shape }, [x]) => {
      if (size(shape) !== size(x!))
        throw new LayerError(
          `shape [${shape}] has ${size(shape)} elements, its input [${x}] has ${size(x!)}`,
        );
      return shape;
    },
    lower: ({ shape }, [x]) => op.Reshape(x!, [x!.shape[0]!, ...shape]),
  }),

  flatten: layer({
    options: z.strictObject({ ...base, type: z.literal('flatten') }),
    shape: (_, [x]) => [size(x!)],
    lower: (_, [x]) => op.Reshape(x!, [x!.shape[0]!, size(x!.shape.slice(1) as number[])]),
  }),

  add: layer({
    options: z.strictObject({ ...base, type: z.literal('add') }),
    shape: (_, inputs) => {
      const odd = inputs.find((x) => String(x) !== String(inputs[0]));
      if (odd) throw new LayerError(`cannot add [${odd}] to [${inputs[0]}]`);
      return inputs[0]!;
    },
    lower: (_, inputs) => inputs.reduce((sum, x) => op.Add(sum, x)),
  }),

  /** Joins along the channels. */
  concat: layer({
    options: z.strictObject({ ...base, type: z.literal('concat') }),
    shape: (_, inputs) => {
      const odd = inputs.find((x) => String(x.slice(1)) !== String(inputs[0]!.slice(1)));
      if (odd) throw new LayerError(`cannot join [${odd}] to [${inputs[0]}]`);
      return [inputs.reduce((sum, x) => sum + x[0]!, 0), ...inputs[0]!.slice(1)];
    },
    lower: (_, inputs) => op.Concat(inputs, 1),
  }),
};

export type LayerType = keyof typeof LAYERS;

/** Layers that take more than one input. */
export const JOINS: ReadonlySet<string> = new Set<LayerType>(['add', 'concat']);

function elementwise<T extends string, O extends z.ZodRawShape>(
  type: T,
  options: O,
  lower: (x: Value, options: z.infer<z.ZodObject<O>>) => Value,
) {
  return layer({
    options: z.strictObject({ ...base, type: z.literal(type), ...options }),
    shape: (_, [x]) => x!,
    lower: (chosen, [x]) => lower(x!, chosen as z.infer<z.ZodObject<O>>),
  });
}

function weights(
  shape: Size,
  outputs: number,
  fanIn: number,
  bias: boolean,
  init: 'uniform' | 'normal',
): Parameter[] {
  const uniform: Init = { type: 'uniform', bound: 1 / Math.sqrt(fanIn) };
  const normal = init === 'normal';
  const weight: Parameter = {
    name: 'weight',
    shape,
    init: normal ? { type: 'normal', deviation: 0.02 } : uniform,
    trained: true,
  };
  if (!bias) return [weight];
  const start: Init = normal ? { type: 'constant', value: 0 } : uniform;
  return [weight, { name: 'bias', shape: [outputs], init: start, trained: true }];
}

function expectRank(x: Size, rank: number, expected: string): void {
  if (x.length !== rank) throw new LayerError(`expected an input of shape ${expected}, got [${x}]`);
}

function expectImage(x: Size): void {
  expectRank(x, 3, '[channels, height, width]; a reshape layer makes one');
}

function fits(shape: Size, otherwise: string): Size {
  if (shape.some((dim) => dim < 1)) throw new LayerError(otherwise);
  return shape;
}

function size(shape: Size): number {
  return shape.reduce((a, b) => a * b, 1);
}
