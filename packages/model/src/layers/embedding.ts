import { constant, ops as op } from '@ganport/onnx';
import { layer } from './contract.ts';
import { appliedWeights, count, weightAndBias, weighted } from './options.ts';

/** "he" of the one number of a one-hot vector that is not 0: N(0, 1). */
const PLAIN = { bias: false, init: 'he' } as const;

/**
 * A trained vector for each class of a label, as PyTorch's nn.Embedding: weight [classes, units],
 * N(0, gain²) at first. It is the product of the weight with the label's one-hot vector: picking rows would
 * need an operator that has no gradient in ONNX's inference operators.
 */
export const embedding = layer(
  'embedding',
  { units: count, gain: weighted.gain, spectralNorm: weighted.spectralNorm },
  {
    inputs: 'label',
    shape: ({ units }) => [units],
    parameters: ({ units, ...options }, [label]) =>
      weightAndBias([label![0]!, units], label![0]!, 1, { ...options, ...PLAIN }),
    lower: (options, [label], context) => {
      const [rows] = appliedWeights({ ...options, ...PLAIN }, context);
      const classes = rows.shape[0] as number;
      const all = Int32Array.from({ length: classes }, (_, i) => i);
      // WebGPU has no int64: of this layer, the one Cast of N numbers stays on the CPU.
      const column = op.Reshape(op.Cast(label!, 'int32'), [label!.shape[0]!, 1]);
      const isClass = op.Equal(
        column,
        constant({ dtype: 'int32', shape: [1, classes], data: all }),
      );
      return op.MatMul(op.Cast(isClass, 'float32'), rows);
    },
  },
);
