/** The onnxruntime engine with all of CUDA's options. */
import { openProgram } from '@ganport/runtime/node';
import { createEngine, createOnnxRuntimeEngine, gpuLacks } from '@ganport/train';

/** Whoever creates an engine closes it. */
export function engineOn(recipe, start, { device, graphs = false, onNotice }) {
  if (!graphs) {
    const settings = { engine: 'onnxruntime', device, threads: 1, ...(onNotice && { onNotice }) };
    return createEngine(recipe, start, settings);
  }
  const open = (model, options) => {
    // Only the step: the sampler's batch is not known beforehand.
    const isStep = Object.values(options.state).some((next) => next !== null);
    return openProgram(model, { ...options, device, cuda: { graphs: isStep } });
  };
  return createOnnxRuntimeEngine(recipe, start, { open, compose: gpuLacks });
}
