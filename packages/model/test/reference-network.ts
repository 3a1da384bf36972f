/**
 * A network's forward pass in plain double arithmetic, written from the layers' definitions and not
 * from their lowering, which is tested against it.
 */
import type { LayerType } from '../src/layers/index.ts';
import type { Network } from '../src/network.ts';

/** Row-major, [N, ...]. */
export interface Batch {
  shape: readonly number[];
  data: ArrayLike<number>;
}

interface Context {
  // biome-ignore lint/suspicious/noExplicitAny: each layer has options of its own.
  options: any;
  weight(name: string): Batch;
  training: boolean;
  update(name: string, next: Batch): void;
}

/** The network's main output, and in training the next values of what it counts, by full name. */
export function forward(
  network: Network,
  inputs: Readonly<Record<string, Batch>>,
  weights: Readonly<Record<string, Batch>>,
  training: boolean,
): { output: Batch; updates: Record<string, Batch> } {
  const values = new Map(Object.entries(inputs));
  const updates: Record<string, Batch> = {};
  for (const { name, type, options, from } of network.layers) {
    const context: Context = {
      options,
      training,
      weight: (parameter) => weights[`${name}.${parameter}`]!,
      update: (parameter, next) => {
        updates[`${name}.${parameter}`] = next;
      },
    };
    values.set(
      name,
      LAYERS[type](
        from.map((source) => values.get(source)!),
        context,
      ),
    );
  }
  return { output: values.get(network.outputs.output.layer)!, updates };
}

type Forward = (inputs: readonly Batch[], context: Context) => Batch;

const LAYERS: Record<LayerType, Forward> = {
  dense: ([x], { options, weight }) =>
    tabulate([x!.shape[0]!, options.units], ([n, unit]) =>
      range(x!.shape[1]!).reduce(
        (sum, k) => sum + at(x!, n!, k) * at(weight('weight'), unit!, k),
        options.bias ? at(weight('bias'), unit!) : 0,
      ),
    ),

  conv2d: ([x], { options, weight }) => {
    const { stride, pad, kernel, filters, bias } = options;
    const [w, channels] = [weight('weight'), x!.shape[1]!];
    const shape = [0, 1].map((axis) => {
      const room = x!.shape[axis + 2]! + 2 * pad[axis] - kernel[axis];
      return Math.floor(room / stride[axis]) + 1;
    });
    return tabulate([x!.shape[0]!, filters, ...shape], ([n, o, i, j]) => {
      let sum = bias ? at(weight('bias'), o!) : 0;
      for (const [c, u, v] of indices([channels, ...kernel])) {
        const row = i! * stride[0] + u! - pad[0];
        const column = j! * stride[1] + v! - pad[1];
        sum += at(x!, n!, c!, row, column) * at(w, o!, c!, u!, v!);
      }
      return sum;
    });
  },

  // Each input pixel (a, b) adds its kernel at (a · stride − pad, b · stride − pad).
  convTranspose2d: ([x], { options, weight }) => {
    const { stride, pad, kernel, filters, bias } = options;
    const [w, channels, ...image] = [weight('weight'), ...x!.shape.slice(1)] as const;
    const shape = image.map((n, axis) => (n - 1) * stride[axis] + kernel[axis] - 2 * pad[axis]);
    return tabulate([x!.shape[0]!, filters, ...shape], ([n, o, i, j]) => {
      let sum = bias ? at(weight('bias'), o!) : 0;
      for (const [c, a, b] of indices([channels!, ...image])) {
        const u = i! + pad[0] - a! * stride[0];
        const v = j! + pad[1] - b! * stride[1];
        sum += at(x!, n!, c!, a!, b!) * at(w, c!, o!, u, v);
      }
      return sum;
    });
  },

  batchNorm: ([x], { options, weight, training, update }) => {
    const channels = range(x!.shape[1]!);
    const ofChannel = channels.map((c) =>
      indices(x!.shape).flatMap((index) => (index[1] === c ? [at(x!, ...index)] : [])),
    );
    const ownMean = ofChannel.map(average);
    const ownVariance = ofChannel.map((values, c) =>
      average(values.map((value) => (value - ownMean[c]!) ** 2)),
    );
    if (training) {
      const count = ofChannel[0]!.length;
      const { momentum } = options;
      const next = (name: string, fresh: number[]) => {
        const old = weight(name);
        update(
          name,
          tabulate(old.shape, ([c]) => (1 - momentum) * at(old, c!) + momentum * fresh[c!]!),
        );
      };
      next('running_mean', ownMean);
      // PyTorch counts the variance of a sample.
      const unbiased = ownVariance.map((variance) => (variance * count) / (count - 1));
      next('running_var', unbiased);
    }
    return tabulate(x!.shape, (index) => {
      const c = index[1]!;
      const mean = training ? ownMean[c]! : at(weight('running_mean'), c);
      const variance = training ? ownVariance[c]! : at(weight('running_var'), c);
      const normal = (at(x!, ...index) - mean) / Math.sqrt(variance + options.epsilon);
      return normal * at(weight('weight'), c) + at(weight('bias'), c);
    });
  },

  embedding: ([label], { weight }) => {
    const rows = weight('weight');
    return tabulate([label!.shape[0]!, rows.shape[1]!], ([n, unit]) =>
      at(rows, at(label!, n!), unit!),
    );
  },

  relu: ([x]) => map(x!, (value) => Math.max(value, 0)),
  leakyRelu: ([x], { options }) => map(x!, (value) => (value < 0 ? options.slope * value : value)),
  tanh: ([x]) => map(x!, Math.tanh),
  sigmoid: ([x]) => map(x!, (value) => 1 / (1 + Math.exp(-value))),

  avgPool2d: ([x], { options: { kernel, stride = kernel } }) => {
    const shape = [0, 1].map(
      (axis) => Math.floor((x!.shape[axis + 2]! - kernel[axis]) / stride[axis]) + 1,
    );
    return tabulate([...x!.shape.slice(0, 2), ...shape], ([n, c, i, j]) => {
      const window = indices(kernel);
      return average(
        window.map(([u, v]) => at(x!, n!, c!, i! * stride[0] + u!, j! * stride[1] + v!)),
      );
    });
  },

  upsample2d: ([x], { options: { scale } }) => {
    const [n, c, height, width] = x!.shape as [number, number, number, number];
    return tabulate([n, c, height * scale, width * scale], ([n, c, i, j]) =>
      at(x!, n!, c!, Math.floor(i! / scale), Math.floor(j! / scale)),
    );
  },

  reshape: ([x], { options: { shape } }) => ({ shape: [x!.shape[0]!, ...shape], data: x!.data }),
  flatten: ([x]) => ({
    shape: [x!.shape[0]!, x!.data.length / x!.shape[0]!],
    data: x!.data,
  }),

  add: (inputs) =>
    tabulate(inputs[0]!.shape, (index) =>
      inputs.reduce((sum, input) => sum + at(input, ...index), 0),
    ),
  concat: (inputs) => {
    const channels = inputs.flatMap((input) => range(input.shape[1]!).map((c) => ({ input, c })));
    const [n, , ...image] = inputs[0]!.shape;
    return tabulate([n!, channels.length, ...image], ([n, channel, ...pixel]) => {
      const { input, c } = channels[channel!]!;
      return at(input, n!, c, ...pixel);
    });
  },
};

/** The element at an index; 0 outside, as padding and kernels have it. */
function at({ shape, data }: Batch, ...index: number[]): number {
  let offset = 0;
  for (const [axis, size] of shape.entries()) {
    if (!(index[axis]! >= 0 && index[axis]! < size)) return 0;
    offset = offset * size + index[axis]!;
  }
  return data[offset]!;
}

function tabulate(shape: readonly number[], value: (index: number[]) => number): Batch {
  return { shape, data: indices(shape).map(value) };
}

function map({ shape, data }: Batch, f: (value: number) => number): Batch {
  return { shape, data: Array.from(data, f) };
}

/** All indices of a shape, the last axis fastest. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => range(size).map((i) => [...index, i])),
    [[]],
  );
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
