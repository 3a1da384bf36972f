/** The state before the first step. */
import { fillInit } from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import type { State } from '../engine.ts';
import type { Recipe } from './recipe.ts';

/** Each tensor is drawn for its name, so that adding one changes no other. */
export function initialState({ state }: Pick<Recipe, 'state'>, seed: number): State {
  const initial: State = {};
  for (const { name, shape, init } of state) {
    const data = new Float32Array(sizeOf(shape));
    // What is copied comes before its copy.
    if (init.type === 'copy') data.set(initial[init.of]!);
    else fillInit(data, init, seed, name);
    initial[name] = data;
  }
  return initial;
}
