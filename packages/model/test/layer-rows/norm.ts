/** Normalisations, and what a batch has in common. */
import type { LayerType } from '../../src/layers/index.ts';
import { at, average, type Batch, indices, range, tabulate } from '../arrays.ts';
import { type Context, image, NO_IMAGE, type Row } from './row.ts';

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

export const NORM = {
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
} satisfies Partial<Record<LayerType, Row>>;
