import { describe, expect, test } from 'vitest';
import { initialState } from '../src/index.ts';
import { initialStateWithPauses } from '../src/recipe/state.ts';
import { expectApart } from './apart.ts';
import { recipeOf } from './recipes.ts';
import { CRITIC, ganOf } from './small-gan.ts';

describe('the state before the first step', () => {
  test('is drawn for the name: what else there is changes nothing', () => {
    const state = initialState(recipeOf(ganOf(), { batch: 1 }), 5);
    const deeper = [...CRITIC.slice(0, 5), { type: 'dense', units: 3, name: 'added' } as const];
    const more = initialState(recipeOf(ganOf([...deeper, CRITIC[5]!]), { batch: 1, ema: 0.9 }), 5);
    for (const name of Object.keys(state)) {
      // The last layer stands one further on.
      const renamed = name.replace(/discriminator\.5/, 'discriminator.6');
      if (renamed === name) expect(more[name], name).toEqual(state[name]);
    }
    expect(initialState(recipeOf(ganOf(), { batch: 1 }), 6)).not.toEqual(state);
    expectApart([state['generator.0.weight']!, more['discriminator.3.weight']!]);
  });

  test('is the same drawn with pauses, which also a single large tensor has', async () => {
    const init = { type: 'uniform', bound: 1 } as const;
    const large = { ...recipeOf(ganOf(), { batch: 1 }).state[0]!, shape: [3, 2 ** 20], init };
    let pauses = 0;
    const paused = await initialStateWithPauses({ state: [large] }, 7, async () => pauses++);
    expect(pauses).toBe(3);
    const name = large.name;
    expect(
      Buffer.compare(
        new Uint8Array(paused[name]!.buffer),
        new Uint8Array(initialState({ state: [large] }, 7)[name]!.buffer),
      ),
    ).toBe(0);
  });

  test('has averages that are copies, and moments that are zeros', () => {
    const state = initialState(recipeOf(ganOf(), { batch: 1, ema: 0.9 }), 5);
    const averages = Object.keys(state).filter((name) => name.startsWith('ema.'));
    expect(averages).toEqual(['ema.generator.0.weight', 'ema.generator.0.bias']);
    for (const name of averages) {
      expect(state[name]).toEqual(state[name.slice('ema.'.length)]);
      expect(state[name]).not.toBe(state[name.slice('ema.'.length)]);
    }
    const moments = Object.keys(state).filter((name) => name.startsWith('adam_'));
    expect(moments).toHaveLength(2 * (2 + 6));
    for (const name of moments) expect(state[name]!.every((x) => x === 0)).toBe(true);
  });
});
