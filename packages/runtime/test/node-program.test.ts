/** `Program` over onnxruntime-node. */
import { openNode } from '../src/node-program.ts';
import { programSuite } from './program-suite.ts';

programSuite(
  'onnxruntime-node on the CPU',
  (model, options) => openNode(model, { ...options, device: 'cpu', threads: 1 }),
  { stateStays: false, cancels: false, slowProducts: 200 },
);
