/** A recipe while it is written: what the step reads, what it is fed, and what it has made so far. */
import { type Distribution, noise } from '@ganport/model';
import { type DType, input, scalar, type Value } from '@ganport/onnx';
import type { Feed, Recipe, StateEntry } from './recipe.ts';
import { type Scheduled, valueAt } from './schedules.ts';

/** Random numbers within a step, of a shape: fed anew each step, the same for the same name, step and seed. */
export type Random = (name: string, shape: readonly number[], distribution: Distribution) => Value;

export interface Draft {
  /** Declares a tensor of the state. Throws for a name that is taken, as `feed` and `random` do. */
  declare(name: string, shape: readonly number[], init: StateEntry['init']): void;
  /** A tensor of the state as it is before the step. */
  initial(name: string): Value;
  /** A tensor of the state as it stands at this point of the step. */
  get(name: string): Value;
  /** Sets it for what follows, and for the next step. */
  set(name: string, value: Value): void;
  /** Declares what each step is given. */
  feed(name: string, dtype: DType, shape: readonly number[], fill: Feed['fill']): Value;
  random: Random;
  /** A setting's value at each step, fed where it changes. */
  scheduled(name: string, setting: Scheduled): Value;
  finish(rest: Pick<Recipe, 'metrics' | 'sampler'>): Recipe;
}

/** @param seed of the random numbers */
export function createDraft(seed: number): Draft {
  const entries = new Map<string, Omit<StateEntry, 'next'>>();
  const values = new Map<string, Value>();
  const feeds: Feed[] = [];
  const taken = new Set<string>();
  const take = (name: string) => {
    // Engines know tensors by their names: with two of one name, each would do something else.
    if (taken.has(name))
      throw new Error(`the recipe declares "${name}" twice: expected a new name`);
    taken.add(name);
  };
  const draft: Draft = {
    declare(name, shape, init) {
      take(name);
      const now = input(name, 'float32', shape);
      entries.set(name, { name, shape, init, now });
      values.set(name, now);
    },
    initial: (name) => entries.get(name)!.now,
    get: (name) => values.get(name)!,
    set(name, value) {
      values.set(name, value);
    },
    feed(name, dtype, shape, fill) {
      take(name);
      const value = input(name, dtype, shape);
      feeds.push({ name, value, fill });
      return value;
    },
    random: (name, shape, distribution) =>
      draft.feed(name, 'float32', shape, (step) => noise(seed, name, step, shape, distribution)),
    scheduled: (name, setting) =>
      typeof setting === 'number'
        ? scalar(setting)
        : draft.feed(name, 'float32', [], (step) => Float32Array.of(valueAt(setting, step))),
    finish: (rest) => ({
      state: [...entries.values()].map((entry) => ({ ...entry, next: values.get(entry.name)! })),
      feeds,
      ...rest,
    }),
  };
  return draft;
}
