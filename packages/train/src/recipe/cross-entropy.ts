import { constant, ops as op, type Value } from '@ganport/onnx';

/**
 * The mean of −log softmax(logits) at each row's class, a scalar.
 * @param logits [N, classes]
 * @param labels int64 [N], 0 ≤ label < classes
 */
export function crossEntropy(logits: Value, labels: Value): Value {
  return crossEntropyOfRows(logits, oneHot(labels, logits.shape[1] as number));
}

/** The same of classes [N, classes] that are 1 at each row's class and 0 elsewhere. */
export function crossEntropyOfRows(logits: Value, rows: Value): Value {
  const [count, classes] = logits.shape as [number, number];
  // Whatever is subtracted from all of a row's changes nothing; without the largest, Exp would overflow.
  const largest = op.GlobalMaxPool(op.Reshape(logits, [count, 1, classes, 1]));
  const shifted = op.Sub(logits, op.stopGradient(op.Reshape(largest, [count, 1])));
  const partition = op.Log(op.ReduceSum(op.Exp(shifted), { axes: [1] }));
  const own = op.ReduceSum(op.Mul(shifted, rows), { axes: [1] });
  return op.mean(op.Sub(partition, own));
}

/** float32 [N, classes]. */
function oneHot(labels: Value, classes: number): Value {
  const column = op.Reshape(op.Cast(labels, 'int32'), [labels.shape[0]!, 1]);
  const all = Int32Array.from({ length: classes }, (_, i) => i);
  const numbers = constant({ dtype: 'int32', shape: [1, classes], data: all });
  return op.Cast(op.Equal(column, numbers), 'float32');
}
