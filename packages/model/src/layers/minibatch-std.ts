import { ops as op, scalar } from '@ganport/onnx';
import { LayerError, layer } from './contract.ts';
import { count, expectImage } from './options.ts';

/** Under the root, which has no derivative at 0. */
const TINY = 1e-8;

/**
 * One channel more, which says how much the images of a group differ (Karras et al. 2018): the standard
 * deviation of each number over the group, averaged over the image. A group is `group` images, or the whole
 * batch where that is smaller. What draws has each image as a group of its own.
 */
export const minibatchStd = layer(
  'minibatchStd',
  { group: count.min(2).default(4) },
  {
    inputs: 'one',
    mixesBatch: true,
    shape: (_, [x]) => {
      expectImage(x!);
      return [x![0]! + 1, x![1]!, x![2]!];
    },
    lower: ({ group }, [x], { training }) => {
      const [n, c, h, w] = x!.shape as [number, number, number, number];
      if (!training) {
        const none = op.Mul(op.Slice(x!, { axes: [1], starts: [0], ends: [1] }), scalar(0));
        return op.Concat([x!, op.Add(none, scalar(Math.sqrt(TINY)))], 1);
      }
      const size = Math.min(group, n);
      if (n % size !== 0) {
        throw new LayerError(`a batch of ${n} is no whole number of groups of ${size}`);
      }
      // As in the paper's code, images n / size apart are of one group.
      const groups = op.Reshape(x!, [size, n / size, c, h, w]);
      const centred = op.Sub(groups, op.mean(groups, { axes: [0], keepdims: true }));
      const variance = op.mean(op.Mul(centred, centred), { axes: [0], keepdims: true });
      const deviation = op.Sqrt(op.Add(variance, scalar(TINY)));
      const each = op.mean(deviation, { axes: [2, 3, 4], keepdims: true });
      const channel = op.Reshape(op.Expand(each, [size, n / size, 1, h, w]), [n, 1, h, w]);
      return op.Concat([x!, channel], 1);
    },
  },
);
