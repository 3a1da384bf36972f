/** A recipe's step in onnxruntime as a plain function, for tests. */
import { onTestFinished } from 'vitest';
import type { Recipe } from '../src/index.ts';
import { type Feeds, type Graph, openGraph } from './graphs.ts';

export interface Step {
  /** The state after a step, and its metrics. */
  run(state: Feeds, feeds: Feeds): Promise<{ state: Numbers; metrics: Record<string, number> }>;
  /** Its metrics alone. */
  metrics(state: Feeds, feeds: Feeds): Promise<Record<string, number>>;
  close(): Promise<void>;
}

type Numbers = Record<string, number[]>;

/** Whoever opens it closes it. */
export async function openStep({ state, feeds, metrics }: Recipe): Promise<Step> {
  const inputs = [
    ...state.map(({ name, now }) => [name, now] as const),
    ...feeds.map(({ name, value }) => [name, value] as const),
  ];
  const graph: Graph = await openGraph(Object.fromEntries(inputs), {
    ...Object.fromEntries(state.map(({ name, next }) => [`next ${name}`, next])),
    ...metrics,
  });
  const scalars = (from: Numbers) =>
    Object.fromEntries(Object.keys(metrics).map((name) => [name, from[name]![0]!]));
  return {
    async run(now, given) {
      const got = await graph.run({ ...now, ...given });
      const next = state.map(({ name }) => [name, got[`next ${name}`]!] as const);
      return { state: Object.fromEntries(next), metrics: scalars(got) };
    },
    async metrics(now, given) {
      return scalars(await graph.run({ ...now, ...given }, Object.keys(metrics)));
    },
    close: () => graph.close(),
  };
}

/** A step that is closed after the test. */
export async function openForTest(recipe: Recipe): Promise<Step> {
  const step = await openStep(recipe);
  onTestFinished(() => step.close());
  return step;
}
