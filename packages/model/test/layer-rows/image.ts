/** Layers that change the size of images, or their shape, and that join them. */
import type { LayerType } from '../../src/layers/index.ts';
import { at, average, indices, range, tabulate } from '../arrays.ts';
import { image, NO_IMAGE, type Row } from './row.ts';

export const IMAGE = {
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
  dot: {
    reference: ([a, b]) =>
      tabulate([a!.shape[0]!, 1], ([n]) =>
        range(a!.shape[1]!).reduce((sum, k) => sum + at(a!, n!, k) * at(b!, n!, k), 0),
      ),
    cases: { 'of two vectors': { of: [[5], [5]], shape: [1] } },
    refuses: [
      { of: [[4]], saying: 'expected two inputs, got 1' },
      { of: [[4], [4], [4]], saying: 'expected two inputs, got 3' },
      { of: [[4], [5]], saying: 'cannot multiply [4] by [5]' },
      {
        of: [image, image],
        saying:
          'expected an input of shape [units]; a flatten layer makes one of an image, got [3,7,6]',
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
} satisfies Partial<Record<LayerType, Row>>;
