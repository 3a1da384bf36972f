/** What onnxruntime-node and onnxruntime-web have in common: their sessions and tensors. */
import { ARRAYS, type DType, type Tensor } from '@ganport/onnx';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { RuntimeError } from './error.ts';
import type { OrtRuntime } from './ort.ts';
import { type Bindings, bindPorts } from './ports.ts';
import type { Port, ProgramOptions } from './program.ts';

/** @throws RuntimeError for an element type that tensors here cannot have, and state that does not fit */
export function bindSession(
  { inputMetadata, outputMetadata }: InferenceSession,
  state: ProgramOptions['state'],
): Bindings {
  return bindPorts(inputMetadata.map(portOf), outputMetadata.map(portOf), state);
}

function portOf(value: InferenceSession.ValueMetadata): Port {
  const { name } = value;
  if (!value.isTensor) throw new RuntimeError(`"${name}" of the model is not a tensor`);
  const { type, shape } = value;
  if (Object.hasOwn(ARRAYS, type)) return { name, dtype: type as DType, shape };
  const known = Object.keys(ARRAYS).join(', ');
  throw new RuntimeError(`"${name}" of the model is ${type}: expected one of ${known}`);
}

export function toOrt(ort: OrtRuntime, { dtype, data, shape }: Tensor): OrtTensor {
  return new ort.Tensor(dtype, data, shape);
}

/** Of a tensor whose data are in memory that JavaScript sees: without a copy. */
export function fromOrt({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as DType, shape: dims, data: data as Tensor['data'] };
}
