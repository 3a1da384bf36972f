/** The part of onnxruntime-node or onnxruntime-web that ganport uses: passed in where a model is run. */
export type OrtRuntime = Pick<typeof import('onnxruntime-common'), 'InferenceSession' | 'Tensor'>;
