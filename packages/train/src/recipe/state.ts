/** The state before the first step. */
import { fillInitInParts } from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import type { State } from '../engine.ts';
import type { Recipe } from './recipe.ts';

/** Each tensor is drawn for its name, so that adding one changes no other. */
export function initialState(recipe: Pick<Recipe, 'state'>, seed: number): State {
  const initial: State = {};
  const parts = drawInto(initial, recipe, seed);
  while (!parts.next().done);
  return initial;
}

/** The same, with pauses in which other things are done: a large state takes minutes. */
export async function initialStateWithPauses(
  recipe: Pick<Recipe, 'state'>,
  seed: number,
  pause: () => Promise<unknown>,
): Promise<State> {
  const initial: State = {};
  for (const _ of drawInto(initial, recipe, seed)) await pause();
  return initial;
}

function* drawInto(
  initial: State,
  { state }: Pick<Recipe, 'state'>,
  seed: number,
): Generator<void, void> {
  for (const { name, shape, init } of state) {
    const data = new Float32Array(sizeOf(shape));
    // What is copied comes before its copy.
    if (init.type === 'copy') data.set(initial[init.of]!);
    else yield* fillInitInParts(data, init, seed, name);
    initial[name] = data;
  }
}
