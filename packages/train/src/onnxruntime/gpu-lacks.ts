import type { Node } from '@ganport/onnx';

/** Whether onnxruntime's CUDA and WebGPU have no kernel for a node of a step, which is then composed of others. */
export function gpuLacks({ op, attributes }: Node): boolean {
  return op === 'BatchNormalization' && attributes.training_mode === 1;
}
