export { createOnnxRuntimeEngine } from './onnxruntime-engine.ts';
export { buildStep, STEP, stateTensors } from './step.ts';
