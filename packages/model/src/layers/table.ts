/** The layers by their types: one line a file. */
export { leakyRelu, prelu, relu, selu, sigmoid, tanh } from './activation.ts';
export { conv2d, convTranspose2d } from './conv.ts';
export { dense } from './dense.ts';
export { dropout } from './dropout.ts';
export { embedding } from './embedding.ts';
export { globalAvgPool2d, globalMaxPool2d, globalSumPool2d } from './global-pool.ts';
export { add, concat, dot } from './join.ts';
export { minibatchStd } from './minibatch-std.ts';
export { batchNorm } from './norm.ts';
export { groupNorm, instanceNorm, layerNorm, pixelNorm } from './own-norm.ts';
export { avgPool2d, pixelShuffle, upsample2d } from './resample.ts';
export { flatten, reshape } from './shape.ts';
