import { ops as op, scalar, sizeOf, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { LayerError, layer, type Parameter } from './contract.ts';
import { epsilon } from './options.ts';

/** Ioffe & Szegedy 2015; momentum as in PyTorch: running = (1 − momentum) · running + momentum · batch. */
export const batchNorm = layer(
  'batchNorm',
  {
    epsilon: epsilon(1e-5),
    momentum: z.number().min(0).max(1).default(0.1),
  },
  {
    inputs: 'one',
    mixesBatch: true,
    shape: (_, [x]) => x!,
    parameters: (_, [x]) => {
      const vector = (name: string, value: number, trained: boolean): Parameter => ({
        name,
        shape: [x![0]!],
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
    lower: ({ epsilon, momentum }, [x], { training, weight, update }) => {
      const [scale, bias] = [weight('weight'), weight('bias')];
      const [runningMean, runningVariance] = [weight('running_mean'), weight('running_var')];
      if (!training) {
        return op.BatchNormalization(x!, scale, bias, runningMean, runningVariance, epsilon);
      }
      const count = elementsPerChannel(x!);
      const normalize = op.isNarrowConv(x!) ? op.normalizeConv : op.BatchNormalizationTraining;
      const [y, mean, variance] = normalize(x!, scale, bias, epsilon);
      update('running_mean', op.blend(runningMean, mean, 1 - momentum));
      // The batch's variance is the population's; the running one is of a sample.
      const unbiased = op.Mul(variance, scalar(count / (count - 1)));
      update('running_var', op.blend(runningVariance, unbiased, 1 - momentum));
      return y;
    },
  },
);

/** How many elements of [N, C, ...] a channel's statistics are over. */
function elementsPerChannel({ shape }: Value): number {
  const count = sizeOf(shape as number[]) / (shape[1] as number);
  if (count > 1) return count;
  throw new LayerError('one value per channel has no variance: take a larger batch');
}
