/**
 * A row for each kind of layer: what it computes, written from its definition and not from its lowering,
 * what it is tried on, and what it refuses. layers.test.ts goes through them.
 */
import type { Distribution, LayerType } from '../src/layers/index.ts';
import type { NetworkSpec } from '../src/network.ts';
import { at, average, type Batch, indices, map, range, tabulate } from './arrays.ts';

export type InputSpec = NetworkSpec['inputs'][string];

export interface Row {
  reference: Reference;
  /** By title: inputs, options and the output's shape. */
  cases: Record<string, Case>;
  /** Inputs and options, and what the error says after the layer's name. */
  refuses?: readonly Refusal[];
}

interface Case {
  of: readonly InputSpec[];
  with?: object;
  shape: readonly number[];
}

interface Refusal {
  of: readonly InputSpec[];
  with?: object;
  saying: string;
}

type Reference = (inputs: readonly Batch[], context: Context) => Batch;

export interface Context {
  // biome-ignore lint/suspicious/noExplicitAny: each layer has options of its own.
  options: any;
  training: boolean;
  weight(name: string): Batch;
  update(name: string, next: Batch): void;
  random(name: string, shape: readonly number[], distribution: Distribution): Batch;
}

const image = [3, 7, 6];
const NO_IMAGE =
  'expected an input of shape [channels, height, width]; a reshape layer makes one, got [5]';

/** Less the mean and over the deviation of all numbers of the same part. */
function normalized(x: Batch, part: (index: number[]) => number[], epsilon: number): Batch {
  const parts = new Map<string, number[]>();
  for (const index of indices(x.shape)) {
    const name = String(part(index));
    parts.set(name, [...(parts.get(name) ?? []), at(x, ...index)]);
  }
  const statistics = new Map(
    [...parts].map(([name, values]) => {
      const mean = average(values);
      const variance = average(values.map((value) => (value - mean) ** 2));
      return [name, { mean, deviation: Math.sqrt(variance + epsilon) }] as const;
    }),
  );
  return tabulate(x.shape, (index) => {
    const { mean, deviation } = statistics.get(String(part(index)))!;
    return (at(x, ...index) - mean) / deviation;
  });
}

/** Times each channel's weight, plus its bias. */
function scaled(x: Batch, weight: Context['weight']): Batch {
  return tabulate(x.shape, (index) => {
    const c = index[1]!;
    return at(x, ...index) * at(weight('weight'), c) + at(weight('bias'), c);
  });
}

export const ROWS: Record<LayerType, Row> = {
  dense: {
    reference: ([x], { options, weight }) =>
      tabulate([x!.shape[0]!, options.units], ([n, unit]) =>
        range(x!.shape[1]!).reduce(
          (sum, k) => sum + at(x!, n!, k) * at(weight('weight'), unit!, k),
          options.bias ? at(weight('bias'), unit!) : 0,
        ),
      ),
    cases: {
      'with a bias': { of: [[5]], with: { units: 4 }, shape: [4] },
      'without one': { of: [[5]], with: { units: 4, bias: false }, shape: [4] },
    },
    refuses: [
      {
        of: [[2, 4, 4]],
        with: { units: 3 },
        saying:
          'expected an input of shape [units]; a flatten layer makes one of an image, got [2,4,4]',
      },
      {
        of: [[65_536]],
        with: { units: 65_536 },
        saying: '0.weight would be [65536,65536]: expected at most 536870912 elements',
      },
    ],
  },

  conv2d: {
    reference: ([x], { options, weight }) => {
      const { stride, pad, kernel, filters, groups, bias } = options;
      const [w, channels] = [weight('weight'), x!.shape[1]! / groups];
      const shape = [0, 1].map((axis) => {
        const around = pad[axis] + (pad[axis + 2] ?? pad[axis]);
        const room = x!.shape[axis + 2]! + around - kernel[axis];
        return Math.floor(room / stride[axis]) + 1;
      });
      return tabulate([x!.shape[0]!, filters, ...shape], ([n, o, i, j]) => {
        let sum = bias ? at(weight('bias'), o!) : 0;
        const first = Math.floor((o! * groups) / filters) * channels;
        for (const [c, u, v] of indices([channels, ...kernel])) {
          const row = i! * stride[0] + u! - pad[0];
          const column = j! * stride[1] + v! - pad[1];
          sum += at(x!, n!, first + c!, row, column) * at(w, o!, c!, u!, v!);
        }
        return sum;
      });
    },
    cases: {
      plain: { of: [image], with: { filters: 4, kernel: 3 }, shape: [4, 5, 4] },
      padded: { of: [image], with: { filters: 2, kernel: 5, pad: 2 }, shape: [2, 7, 6] },
      'uneven in everything': {
        of: [image],
        with: { filters: 2, kernel: [2, 3], stride: [3, 2], pad: [1, 2] },
        shape: [2, 3, 4],
      },
      'without a bias': {
        of: [image],
        with: { filters: 4, kernel: 1, bias: false },
        shape: [4, 7, 6],
      },
      'padded on two sides': {
        of: [[2, 4, 4]],
        with: { filters: 2, kernel: 2, pad: [0, 1, 1, 0] },
        shape: [2, 4, 4],
      },
      'in groups': {
        of: [[4, 5, 4]],
        with: { filters: 6, kernel: 3, pad: 1, stride: 2, groups: 2 },
        shape: [6, 3, 2],
      },
      'of each channel alone': {
        of: [image],
        with: { filters: 6, kernel: 2, groups: 3, bias: false },
        shape: [6, 6, 5],
      },
    },
    refuses: [
      {
        of: [image],
        with: { filters: 4, kernel: 3, groups: 2 },
        saying: 'groups 2: expected a divisor of its 3 channels and 4 filters',
      },
      {
        of: [image],
        with: { filters: 4, kernel: 3, init: 'zeros', spectralNorm: true },
        saying: 'spectralNorm cannot divide weights that start as zeros: take another init',
      },
      { of: [[5]], with: { filters: 3, kernel: 3 }, saying: NO_IMAGE },
      {
        of: [[2, 4, 4]],
        with: { filters: 3, kernel: 7, pad: 1 },
        saying: 'kernel 7×7 is larger than its input [2,4,4]',
      },
    ],
  },

  convTranspose2d: {
    // Each input pixel (a, b) adds its kernel at (a · stride − pad, b · stride − pad).
    reference: ([x], { options, weight }) => {
      const { stride, pad, kernel, filters, groups, outputPadding: extra, bias } = options;
      const [w, channels, ...size] = [weight('weight'), ...x!.shape.slice(1)] as const;
      // PyTorch's formula.
      const shape = size.map(
        (n, axis) =>
          (n - 1) * stride[axis] -
          pad[axis] -
          (pad[axis + 2] ?? pad[axis]) +
          kernel[axis] +
          extra[axis],
      );
      const each = filters / groups;
      return tabulate([x!.shape[0]!, filters, ...shape], ([n, o, i, j]) => {
        let sum = bias ? at(weight('bias'), o!) : 0;
        const group = Math.floor(o! / each);
        for (const [k, a, b] of indices([channels! / groups, ...size])) {
          const c = group * (channels! / groups) + k!;
          const u = i! + pad[0] - a! * stride[0];
          const v = j! + pad[1] - b! * stride[1];
          sum += at(x!, n!, c, a!, b!) * at(w, c, o! % each, u, v);
        }
        return sum;
      });
    },
    cases: {
      plain: { of: [[3, 4, 3]], with: { filters: 4, kernel: 3 }, shape: [4, 6, 5] },
      'as in DCGAN': {
        of: [[3, 4, 3]],
        with: { filters: 2, kernel: 4, stride: 2, pad: 1, bias: false },
        shape: [2, 8, 6],
      },
      'uneven in everything': {
        of: [[3, 4, 3]],
        with: { filters: 2, kernel: [2, 3], stride: [3, 2], pad: [0, 2] },
        shape: [2, 11, 3],
      },
      'twice as large by 5 × 5': {
        of: [[2, 4, 3]],
        with: { filters: 2, kernel: 5, stride: 2, pad: 2, outputPadding: 1 },
        shape: [2, 8, 6],
      },
      "as TensorFlow's same padding": {
        of: [[2, 4, 3]],
        with: { filters: 2, kernel: 5, stride: 2, pad: [1, 1, 2, 2] },
        shape: [2, 8, 6],
      },
      'padded more than its kernel reaches': {
        of: [[2, 3, 2]],
        with: { filters: 1, kernel: 2, stride: 3, outputPadding: [2, 0] },
        shape: [1, 10, 5],
      },
      'in groups': {
        of: [[4, 3, 2]],
        with: { filters: 6, kernel: 3, stride: 2, groups: 2, outputPadding: 1 },
        shape: [6, 8, 6],
      },
    },
    refuses: [
      {
        of: [image],
        with: { filters: 4, kernel: 3, stride: [2, 1], outputPadding: 1 },
        saying: 'outputPadding 1×1: expected less than the stride 2×1',
      },
      {
        of: [[4, 2, 2]],
        with: { filters: 3, kernel: 3, groups: 4 },
        saying: 'groups 4: expected a divisor of its 4 channels and 3 filters',
      },
      { of: [[5]], with: { filters: 3, kernel: 3 }, saying: NO_IMAGE },
      {
        of: [[2, 4, 4]],
        with: { filters: 3, kernel: 3, pad: 3 },
        saying: 'pad 3×3 leaves nothing of its input [2,4,4]',
      },
    ],
  },

  batchNorm: {
    reference: ([x], { options, weight, training, update }) => {
      const channels = range(x!.shape[1]!);
      const ofChannel = channels.map((c) =>
        indices(x!.shape).flatMap((index) => (index[1] === c ? [at(x!, ...index)] : [])),
      );
      const ownMean = ofChannel.map(average);
      const ownVariance = ofChannel.map((values, c) =>
        average(values.map((value) => (value - ownMean[c]!) ** 2)),
      );
      if (training) {
        const { momentum } = options;
        const next = (name: string, fresh: readonly number[]) => {
          const old = weight(name);
          const blend = ([c]: number[]) => (1 - momentum) * at(old, c!) + momentum * fresh[c!]!;
          update(name, tabulate(old.shape, blend));
        };
        next('running_mean', ownMean);
        // PyTorch counts the variance of a sample.
        const count = ofChannel[0]!.length;
        next(
          'running_var',
          ownVariance.map((variance) => (variance * count) / (count - 1)),
        );
      }
      return tabulate(x!.shape, (index) => {
        const c = index[1]!;
        const mean = training ? ownMean[c]! : at(weight('running_mean'), c);
        const variance = training ? ownVariance[c]! : at(weight('running_var'), c);
        const normal = (at(x!, ...index) - mean) / Math.sqrt(variance + options.epsilon);
        return normal * at(weight('weight'), c) + at(weight('bias'), c);
      });
    },
    cases: {
      'of an image': { of: [image], shape: image },
      'of a vector': { of: [[5]], with: { epsilon: 0.5, momentum: 0.7 }, shape: [5] },
    },
  },

  layerNorm: {
    reference: ([x], { options, weight }) => {
      const normal = normalized(x!, ([n]) => [n!], options.epsilon);
      return tabulate(x!.shape, ([n, ...index]) => {
        const [scale, bias] = [at(weight('weight'), ...index), at(weight('bias'), ...index)];
        return at(normal, n!, ...index) * scale + bias;
      });
    },
    cases: {
      'of an image': { of: [[2, 3, 4]], shape: [2, 3, 4] },
      'of a vector': { of: [[5]], with: { epsilon: 0.5 }, shape: [5] },
    },
    refuses: [{ of: [[1]], saying: 'one value has no variance: expected a larger input, got [1]' }],
  },
  instanceNorm: {
    reference: ([x], { options, weight }) =>
      scaled(
        normalized(x!, ([n, c]) => [n!, c!], options.epsilon),
        weight,
      ),
    cases: {
      'of an image': { of: [image], shape: image },
      'with a large epsilon': { of: [[2, 1, 3]], with: { epsilon: 0.5 }, shape: [2, 1, 3] },
    },
    refuses: [
      { of: [[5]], saying: NO_IMAGE },
      {
        of: [[5, 1, 1]],
        saying: 'one value has no variance: expected a larger input, got [5,1,1]',
      },
    ],
  },
  groupNorm: {
    reference: ([x], { options: { groups, epsilon }, weight }) => {
      const group = (c: number) => Math.floor((c * groups) / x!.shape[1]!);
      return scaled(
        normalized(x!, ([n, c]) => [n!, group(c!)], epsilon),
        weight,
      );
    },
    cases: {
      'of an image': { of: [[6, 3, 2]], with: { groups: 2 }, shape: [6, 3, 2] },
      'of a vector': { of: [[6]], with: { groups: 3, epsilon: 0.2 }, shape: [6] },
    },
    refuses: [
      {
        of: [image],
        with: { groups: 2 },
        saying: 'groups 2: expected a divisor of its 3 channels',
      },
      {
        of: [[4]],
        with: { groups: 4 },
        saying: 'one value has no variance: expected a larger input, got [4]',
      },
    ],
  },
  pixelNorm: {
    reference: ([x], { options: { epsilon } }) =>
      tabulate(x!.shape, ([n, c, ...pixel]) => {
        const squares = range(x!.shape[1]!).map((k) => at(x!, n!, k, ...pixel) ** 2);
        return at(x!, n!, c!, ...pixel) / Math.sqrt(average(squares) + epsilon);
      }),
    cases: {
      'of an image': { of: [image], shape: image },
      'of a vector': { of: [[5]], with: { epsilon: 0.1 }, shape: [5] },
    },
  },
  minibatchStd: {
    // Of ProGAN's code: y = reshape(x, [G, M, c, h, w]), its deviation over G, the mean of that over c, h and w.
    reference: ([x], { options, training }) => {
      const [n, channels, ...size] = x!.shape as [number, number, number, number];
      const group = training ? Math.min(options.group, n) : 1;
      const groups = n / group;
      const deviations = range(groups).map((m) =>
        average(
          indices([channels, ...size]).map((index) => {
            const values = range(group).map((k) => at(x!, k * groups + m, ...index));
            const variance = average(values.map((value) => (value - average(values)) ** 2));
            return Math.sqrt(variance + 1e-8);
          }),
        ),
      );
      return tabulate([n, channels + 1, ...size], ([i, c, ...pixel]) =>
        c === channels ? deviations[i! % groups]! : at(x!, i!, c!, ...pixel),
      );
    },
    cases: {
      'of a batch that is smaller': { of: [[2, 3, 2]], shape: [3, 3, 2] },
      'of a batch of its size': { of: [[1, 2, 2]], with: { group: 3 }, shape: [2, 2, 2] },
    },
    refuses: [{ of: [[5]], saying: NO_IMAGE }],
  },

  embedding: {
    reference: ([label], { weight }) => {
      const rows = weight('weight');
      return tabulate([label!.shape[0]!, rows.shape[1]!], ([n, unit]) =>
        at(rows, at(label!, n!), unit!),
      );
    },
    cases: {
      'of two classes': { of: [{ classes: 2 }], with: { units: 3 }, shape: [3] },
      'of more classes than a batch has': {
        of: [{ classes: 11 }],
        with: { units: 4 },
        shape: [4],
      },
    },
    refuses: [
      {
        of: [[5]],
        with: { units: 3 },
        saying: 'expected a label, an input of { "classes": number }, got [5]',
      },
      {
        of: [{ classes: 2 }, { classes: 2 }],
        with: { units: 3 },
        saying: 'expected one input, got 2',
      },
      {
        of: [{ classes: 65_536 }],
        with: { units: 65_536 },
        saying: '0.weight would be [65536,65536]: expected at most 536870912 elements',
      },
    ],
  },

  relu: {
    reference: ([x]) => map(x!, (value) => Math.max(value, 0)),
    cases: { 'of an image': { of: [image], shape: image } },
    refuses: [
      {
        of: [{ classes: 3 }],
        saying: 'expected a tensor, got a label of 3 classes; an embedding layer makes one of it',
      },
      { of: [[3], [3]], saying: 'expected one input, got 2' },
    ],
  },
  leakyRelu: {
    reference: ([x], { options }) =>
      map(x!, (value) => (value < 0 ? options.slope * value : value)),
    cases: {
      'of an image': { of: [image], with: { slope: 0.3 }, shape: image },
      'default slope': { of: [image], shape: image },
    },
  },
  prelu: {
    reference: ([x], { weight }) =>
      tabulate(x!.shape, (index) => {
        const value = at(x!, ...index);
        return value < 0 ? at(weight('weight'), index[1]!) * value : value;
      }),
    cases: {
      'of an image': { of: [image], shape: image },
      'of a vector': { of: [[5]], shape: [5] },
    },
  },
  selu: {
    reference: ([x]) =>
      map(x!, (value) => {
        const below = 1.6732632423543772 * Math.expm1(value);
        return 1.0507009873554805 * (value > 0 ? value : below);
      }),
    cases: { 'of an image': { of: [image], shape: image } },
  },
  tanh: {
    reference: ([x]) => map(x!, Math.tanh),
    cases: { 'of an image': { of: [image], shape: image } },
  },
  sigmoid: {
    reference: ([x]) => map(x!, (value) => 1 / (1 + Math.exp(-value))),
    cases: { 'of an image': { of: [image], shape: image } },
  },

  dropout: {
    reference: ([x], { options: { rate }, training, random }) => {
      if (!training) return x!;
      const mask = random('mask', x!.shape, 'uniform');
      return tabulate(x!.shape, (index) =>
        at(mask, ...index) > rate ? at(x!, ...index) / (1 - rate) : 0,
      );
    },
    cases: {
      'half by default': { of: [image], shape: image },
      'few of a vector': { of: [[9]], with: { rate: 0.2 }, shape: [9] },
    },
    refuses: [{ of: [[5], [5]], saying: 'expected one input, got 2' }],
  },

  avgPool2d: {
    reference: ([x], { options: { kernel, stride = kernel } }) => {
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
    cases: {
      'a rest': { of: [image], with: { kernel: 2 }, shape: [3, 3, 3] },
      overlapping: { of: [image], with: { kernel: [3, 2], stride: [2, 1] }, shape: [3, 3, 5] },
    },
    refuses: [
      { of: [[5]], with: { kernel: 2 }, saying: NO_IMAGE },
      {
        of: [[2, 4, 4]],
        with: { kernel: [4, 5] },
        saying: 'window 4×5 is larger than its input [2,4,4]',
      },
    ],
  },

  globalAvgPool2d: {
    reference: ([x]) =>
      tabulate(x!.shape.slice(0, 2), ([n, c]) =>
        average(indices(x!.shape.slice(2)).map((pixel) => at(x!, n!, c!, ...pixel))),
      ),
    cases: { 'of an image': { of: [image], shape: [3] } },
    refuses: [{ of: [[5]], saying: NO_IMAGE }],
  },

  globalSumPool2d: {
    reference: ([x]) =>
      tabulate(x!.shape.slice(0, 2), ([n, c]) =>
        indices(x!.shape.slice(2)).reduce((sum, pixel) => sum + at(x!, n!, c!, ...pixel), 0),
      ),
    cases: { 'of an image': { of: [image], shape: [3] } },
    refuses: [{ of: [[5]], saying: NO_IMAGE }],
  },
  globalMaxPool2d: {
    reference: ([x]) =>
      tabulate(x!.shape.slice(0, 2), ([n, c]) =>
        Math.max(...indices(x!.shape.slice(2)).map((pixel) => at(x!, n!, c!, ...pixel))),
      ),
    cases: { 'of an image': { of: [image], shape: [3] } },
    refuses: [{ of: [[5]], saying: NO_IMAGE }],
  },

  pixelShuffle: {
    // PyTorch's formula.
    reference: ([x], { options: { scale } }) => {
      const [n, c, height, width] = x!.shape as [number, number, number, number];
      const shape = [n, c / scale ** 2, height * scale, width * scale];
      return tabulate(shape, ([n, c, i, j]) => {
        const channel = c! * scale ** 2 + (i! % scale) * scale + (j! % scale);
        return at(x!, n!, channel, Math.floor(i! / scale), Math.floor(j! / scale));
      });
    },
    cases: {
      'twice by default': { of: [[8, 2, 3]], shape: [2, 4, 6] },
      'three times': { of: [[9, 1, 2]], with: { scale: 3 }, shape: [1, 3, 6] },
    },
    refuses: [
      { of: [[5]], saying: NO_IMAGE },
      { of: [[6, 2, 2]], saying: 'scale 2: expected channels in multiples of 4, got [6,2,2]' },
    ],
  },

  upsample2d: {
    reference: ([x], { options: { scale, mode } }) => {
      const [n, c, height, width] = x!.shape as [number, number, number, number];
      if (mode === 'bilinear') {
        // PyTorch's: a place in the source, and the pixels around it by how near they are, those outside repeated.
        const near = (i: number, size: number) => {
          const place = Math.max((i + 0.5) / scale - 0.5, 0);
          const [first, share] = [Math.floor(place), place - Math.floor(place)];
          return [
            [Math.min(first, size - 1), 1 - share],
            [Math.min(first + 1, size - 1), share],
          ] as const;
        };
        return tabulate([n, c, height * scale, width * scale], ([n, c, i, j]) => {
          let sum = 0;
          for (const [row, a] of near(i!, height))
            for (const [column, b] of near(j!, width)) sum += a * b * at(x!, n!, c!, row, column);
          return sum;
        });
      }
      return tabulate([n, c, height * scale, width * scale], ([n, c, i, j]) =>
        at(x!, n!, c!, Math.floor(i! / scale), Math.floor(j! / scale)),
      );
    },
    cases: {
      'three times': { of: [[3, 2, 4]], with: { scale: 3 }, shape: [3, 6, 12] },
      'twice by default': { of: [[3, 2, 4]], shape: [3, 4, 8] },
      'bilinear, twice': { of: [[2, 3, 4]], with: { mode: 'bilinear' }, shape: [2, 6, 8] },
      'bilinear, three times, of one row': {
        of: [[2, 1, 4]],
        with: { mode: 'bilinear', scale: 3 },
        shape: [2, 3, 12],
      },
    },
    refuses: [
      { of: [[5]], saying: NO_IMAGE },
      {
        of: [[2, 16_384, 16_384]],
        with: { scale: 16 },
        saying: 'its output would be [2,262144,262144]: expected at most 536870912 elements',
      },
    ],
  },

  reshape: {
    reference: ([x], { options: { shape } }) => ({
      shape: [x!.shape[0]!, ...shape],
      data: x!.data,
    }),
    cases: { 'to an image': { of: [image], with: { shape: [2, 9, 7] }, shape: [2, 9, 7] } },
    refuses: [
      {
        of: [[2, 4, 4]],
        with: { shape: [3, 5] },
        saying: 'shape [3,5] has 15 elements, its input [2,4,4] has 32',
      },
    ],
  },
  flatten: {
    reference: ([x]) => ({
      shape: [x!.shape[0]!, x!.data.length / x!.shape[0]!],
      data: x!.data,
    }),
    cases: { 'of an image': { of: [image], shape: [126] } },
  },

  add: {
    reference: (inputs) =>
      tabulate(inputs[0]!.shape, (index) =>
        inputs.reduce((sum, input) => sum + at(input, ...index), 0),
      ),
    cases: {
      'two images': { of: [image, image], shape: image },
      'three vectors': { of: [[4], [4], [4]], shape: [4] },
    },
    refuses: [
      {
        of: [
          [2, 4, 4],
          [3, 2, 2],
        ],
        saying: 'cannot add [3,2,2] to [2,4,4]',
      },
      {
        of: [[3], { classes: 3 }],
        saying: 'expected a tensor, got a label of 3 classes; an embedding layer makes one of it',
      },
    ],
  },
  concat: {
    reference: (inputs) => {
      const channels = inputs.flatMap((input) => range(input.shape[1]!).map((c) => ({ input, c })));
      const [n, , ...size] = inputs[0]!.shape;
      return tabulate([n!, channels.length, ...size], ([n, channel, ...pixel]) => {
        const { input, c } = channels[channel!]!;
        return at(input, n!, c, ...pixel);
      });
    },
    cases: {
      'two images': {
        of: [
          [2, 3, 4],
          [1, 3, 4],
        ],
        shape: [3, 3, 4],
      },
      'three vectors': { of: [[4], [1], [2]], shape: [7] },
    },
    refuses: [
      {
        of: [
          [2, 4, 4],
          [3, 2, 2],
        ],
        saying: 'cannot join [3,2,2] to [2,4,4]',
      },
      { of: [[2, 4, 4], [32]], saying: 'cannot join [32] to [2,4,4]' },
    ],
  },
};
