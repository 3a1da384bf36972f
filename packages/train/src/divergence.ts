/** Training that has diverged: nothing that is not finite may become a checkpoint. */
import { ModelError } from '@ganport/model';

/**
 * @param values what there is after a step, by names for the error: tensors, losses, scores
 * @throws ModelError that says which of them has NaN or an infinity
 */
export function expectFinite(
  step: number,
  values: Readonly<Record<string, number | Float32Array>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const odd = nonFinite(typeof value === 'number' ? [value] : value);
    if (odd === undefined) continue;
    const what = typeof value === 'number' ? `${name} is ${odd}` : `there is ${odd} in ${name}`;
    throw new ModelError(
      `training diverged: at step ${step} ${what}; try a lower learning rate. The last checkpoint is intact.`,
    );
  }
}

/** The first value that is NaN or infinite. */
export function nonFinite(values: ArrayLike<number>): number | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return values[i];
  }
  return undefined;
}
