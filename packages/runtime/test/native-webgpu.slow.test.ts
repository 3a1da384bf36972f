/** `Program` over libonnxruntime on WebGPU, which here is a renderer in software. */
import { afterAll, beforeAll } from 'vitest';
import { openNative } from '../src/native/program.ts';
import type { Program } from '../src/program.ts';
import { accumulator } from './program/models.ts';
import { programSuite } from './program-suite.ts';
import { useSoftwareGpu } from './software-gpu.ts';

const missing = useSoftwareGpu();
if (missing) console.warn(`skipped on webgpu: ${missing}`);

/** While one is open, the device and its shaders stay; native-handles tests what goes with the last. */
let kept: Program | undefined;
beforeAll(async () => {
  if (!missing) kept = await openNative(accumulator(), { device: 'webgpu' });
});
afterAll(() => kept?.close());

programSuite(
  'libonnxruntime on WebGPU',
  (model, options) => openNative(model, { ...options, device: 'webgpu' }),
  { stateStays: true, cancels: false, slowProducts: 2 },
  { skip: missing !== undefined, timeout: 120_000 },
);
