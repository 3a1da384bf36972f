/** onnxruntime in Node: devices and where nodes run. The package's other entry runs in a page too. */
export { CUDA_FILES, cudaIsInstalled, cudaProblem, providerFolder } from './cuda.ts';
export {
  DEVICES,
  type Device,
  type DeviceStatus,
  executionProviders,
  explainDeviceError,
  probeDevice,
} from './devices.ts';
export { isWholeLibrary } from './elf.ts';
export { misplaced, type Placement, takePlacement } from './placement.ts';
