/** onnxruntime in Node: programs, devices and where nodes run. The package's other entry runs in a page too. */
export { CUDA_FILES, cudaIsInstalled, cudaProblem, providerFolder } from './cuda.ts';
export { expectCudaLoads } from './cuda-trial.ts';
export { DeviceError, explainDeviceError, isGraphFault } from './device-error.ts';
export { type DeviceStatus, probeDevice } from './devices.ts';
export { isWholeLibrary } from './elf.ts';
export type { CudaOptions } from './native/cuda-options.ts';
export { endProcess } from './native/end-process.ts';
export { type NativeOptions, openNative } from './native/program.ts';
export { type NodeOptions, openNode } from './node-program.ts';
export { type OpenOptions, openProgram } from './open.ts';
export { DEVICES, type Device } from './open-options.ts';
export { misplaced, type Placement, takePlacement } from './placement.ts';
