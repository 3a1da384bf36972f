/** Operators as functions of values, with ONNX's names; shapes are checked at the call. */
export * from './batch-norm.ts';
export * from './conv.ts';
export * from './conv-weight-gradient.ts';
export * from './elementwise.ts';
export * from './linear.ts';
export * from './shape.ts';
export * from './sums.ts';
