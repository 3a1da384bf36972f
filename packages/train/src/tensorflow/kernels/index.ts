/** The table: what each operator is called in ONNX, and how TensorFlow.js computes it. */
export * from './batch-norm.ts';
export * from './conv.ts';
export * from './elementwise.ts';
export * from './image.ts';
export * from './linear.ts';
export * from './shape.ts';
