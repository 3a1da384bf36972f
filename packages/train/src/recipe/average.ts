/** The moving average of the generator's trained weights, which draws better than what they come to (Karras et al. 2018). */
import { ops as op, type Value } from '@ganport/onnx';
import type { Gan } from '../gan.ts';
import type { Draft } from './draft.ts';

export interface AverageSettings {
  /** What is kept of it at a step; 0 where there is none. */
  ema: number;
  /** See `warmDecay`. */
  emaWarmup?: boolean | undefined;
}

/** Declares it, a copy of the weights at first. `update` is for when they have their values of the step. */
export function createAverage(
  draft: Draft,
  { generator }: Gan,
  { ema, emaWarmup = false }: AverageSettings,
): { update(): void } {
  if (ema === 0) return { update() {} };
  const trained = generator.parameters.filter((p) => p.trained);
  const names = trained.map(({ name }) => `generator.${name}`);
  trained.forEach(({ shape }, i) => {
    draft.declare(`ema.${names[i]}`, shape, { type: 'copy', of: names[i]! });
  });
  const share = emaWarmup
    ? draft.feed('ema.share', 'float32', [], (step) => Float32Array.of(1 - warmDecay(ema, step)))
    : undefined;
  const next = (average: Value, now: Value) =>
    share ? op.Add(average, op.Mul(op.Sub(now, average), share)) : op.blend(average, now, ema);
  return {
    update() {
      for (const name of names) {
        draft.set(`ema.${name}`, next(draft.get(`ema.${name}`), draft.get(name)));
      }
    },
  };
}

/** The decay at a step t, counted from 1: at first less, as the first weights are noise (TensorFlow's `num_updates`). */
function warmDecay(ema: number, t: number): number {
  return Math.min(ema, (1 + t) / (10 + t));
}
