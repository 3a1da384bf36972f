/** What is said when a device's memory does not hold a training step. */
import { firstLine } from '@ganport/onnx';
import type { Device } from '@ganport/runtime/node';

/** As onnxruntime, CUDA, C++, TensorFlow and JavaScript say it. */
const OUT_OF_MEMORY =
  /out of memory|failed to allocate|allocation failed|bad_alloc|\bOOM\b|ResourceExhausted|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED/i;
const REQUESTED = /buffer of size (\d+)/;

/** One line, or undefined for another error. */
export function explainMemoryError(error: unknown, device: Device): string | undefined {
  const why = firstLine(error);
  if (!OUT_OF_MEMORY.test(why)) return undefined;
  const bytes = REQUESTED.exec(why)?.[1];
  const asked =
    bytes === undefined ? why : `${(Number(bytes) / 1e6).toFixed(1)} MB more were asked for`;
  const elsewhere = device === 'cpu' ? '' : ', or --device cpu';
  return `${device} ran out of memory (${asked}): try a smaller --batch${elsewhere}`;
}
