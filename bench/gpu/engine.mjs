/** The onnxruntime engine as training has it, and on CUDA without its graphs. */
import { openProgram } from '@ganport/runtime/node';
import { createEngine, createOnnxRuntimeEngine, gpuLacks } from '@ganport/train';

/** @param graphs false: none of CUDA's. Whoever creates an engine closes it. */
export function engineOn(recipe, start, { device, graphs = true, onNotice }) {
  if (graphs) {
    const settings = { engine: 'onnxruntime', device, threads: 1, ...(onNotice && { onNotice }) };
    return createEngine(recipe, start, settings);
  }
  const open = (model, options) => openProgram(model, { ...options, device });
  return createOnnxRuntimeEngine(recipe, start, { open, compose: gpuLacks });
}
