/** `Program` over libonnxruntime on WebGPU, which here is a renderer in software. */
import { openNative } from '../src/native/program.ts';
import { programSuite } from './program-suite.ts';
import { useSoftwareGpu } from './software-gpu.ts';

const missing = useSoftwareGpu();
if (missing) console.warn(`skipped on webgpu: ${missing}`);

programSuite(
  'libonnxruntime on WebGPU',
  (model, options) => openNative(model, { ...options, device: 'webgpu' }),
  { stateStays: true, cancels: false, slowProducts: 2 },
  { skip: missing !== undefined, timeout: 120_000 },
);
