/** A state and feeds that only have the right shapes: for trying a step out. */
import { ARRAYS, sizeOf, type TypedArray } from '@ganport/onnx';
import type { State } from '../engine.ts';
import type { Recipe } from './recipe.ts';

export function blankState({ state }: Recipe): State {
  return Object.fromEntries(
    state.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]),
  );
}

export function blankFeeds({ feeds }: Recipe): Record<string, TypedArray> {
  return Object.fromEntries(
    feeds.map(({ name, value: { dtype, shape } }) => {
      return [name, new ARRAYS[dtype](sizeOf(shape as number[]))];
    }),
  );
}
