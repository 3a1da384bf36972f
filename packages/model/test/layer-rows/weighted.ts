/** Layers with a weight of their own: products and convolutions. */
import type { LayerType } from '../../src/layers/index.ts';
import { at, indices, range, tabulate } from '../arrays.ts';
import { image, NO_IMAGE, type Row } from './row.ts';

export const WEIGHTED = {
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
} satisfies Partial<Record<LayerType, Row>>;
