/** The onnxruntime engine over onnxruntime-web. */
import { openWeb, type WebOptions, type WebRuntime } from '@ganport/runtime';
import type { Engine, State } from '../engine.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { createOnnxRuntimeEngine } from './engine.ts';
import { gpuLacks } from './gpu-lacks.ts';

/**
 * Goes on from a state, in a page or a worker of one. On WebAssembly a step holds the thread until it ends,
 * and none can be cut short. Whoever creates an engine closes it.
 * @param ort the build of onnxruntime-web that has the device: `/wasm`, `/webgpu` or `/jspi`
 * @throws RuntimeError in one line if the device does not work
 */
export function createWebEngine(
  ort: WebRuntime,
  recipe: Recipe,
  initial: State,
  { device }: Pick<WebOptions, 'device'>,
): Promise<Engine> {
  return createOnnxRuntimeEngine(recipe, initial, {
    open: (model, options) => openWeb(ort, model, { ...options, device }),
    ...(device === 'webgpu' ? { compose: gpuLacks } : {}),
  });
}
