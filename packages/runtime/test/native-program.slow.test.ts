/** `Program` over libonnxruntime called natively. */
import { openNative } from '../src/native/program.ts';
import { programSuite } from './program-suite.ts';

programSuite(
  'libonnxruntime on the CPU',
  (model, options) => openNative(model, { ...options, device: 'cpu', threads: 1 }),
  { stateStays: true, cancels: true, slowProducts: 1000 },
);
