/** How large the generator's gradient is, by the second moments that a state keeps of it. */
import type { TrainConfig } from './config.ts';
import type { State } from './engine.ts';
import { valueAt } from './recipe/schedules.ts';

const MOMENTS = 'adam_v.generator.';

/**
 * The root mean square of the generator's gradient over its weights and, as Adam's β₂ has it, over the last steps.
 * @param state after `step` steps, one update of the generator in each
 */
export function generatorGradient(
  state: Readonly<State>,
  { adam }: Pick<TrainConfig, 'adam'>,
  step: number,
): number {
  let [sum, count] = [0, 0];
  for (const [name, moments] of Object.entries(state)) {
    if (!name.startsWith(MOMENTS)) continue;
    for (const moment of moments) sum += moment;
    count += moments.length;
  }
  // Moments begin at 0, which Adam makes good so too.
  return Math.sqrt(sum / count / (1 - valueAt(adam.beta2, step) ** step));
}
