/** The layers by their types: one line a file. */
export { leakyRelu, relu, sigmoid, tanh } from './activation.ts';
export { conv2d, convTranspose2d } from './conv.ts';
export { dense } from './dense.ts';
export { dropout } from './dropout.ts';
export { embedding } from './embedding.ts';
export { globalAvgPool2d } from './global-avg-pool.ts';
export { add, concat } from './join.ts';
export { batchNorm } from './norm.ts';
export { avgPool2d, upsample2d } from './resample.ts';
export { flatten, reshape } from './shape.ts';
