/** How settings change while a run goes on: pure functions of the step. */
import * as z from 'zod';

const steps = z.int().min(1).max(100_000_000);

const falling = <T extends string>(type: T) =>
  z.strictObject({
    type: z.literal(type).describe("how the learning rate's factor falls from 1"),
    steps: steps.describe('over so many steps; constant after them'),
    end: z.number().min(0).max(1).describe('the factor it ends at').default(0),
  });

/** The learning rate's. */
export const scheduleSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant') }),
  falling('linear'),
  falling('cosine'),
]);

export type Schedule = z.infer<typeof scheduleSchema>;

/** The factor of the learning rate at a step, counted from 1: 1 at the first. */
export function rateFactor(schedule: Schedule, step: number): number {
  if (schedule.type === 'constant') return 1;
  const { type: shape, steps, end } = schedule;
  return valueAt({ from: 1, to: end, steps, shape }, step);
}

/** A setting that is a number, or goes from one to another over so many steps and stays there. */
export type Scheduled = number | Change;

const changeOf = (number: z.ZodNumber) =>
  z.strictObject({ from: number, to: number, steps, shape: z.enum(['linear', 'cosine']) });

type Change = z.infer<ReturnType<typeof changeOf>>;

/** Such a setting. A union of the two would tell of what is wrong within an object as if all of it were. */
export function scheduled(number: z.ZodNumber): z.ZodType<Scheduled, Scheduled> {
  const change = changeOf(number);
  const { minValue, maxValue } = number;
  const expected = `expected a number from ${minValue} to ${maxValue}, or an object of ${Object.keys(change.shape).join(', ')}`;
  return z.custom<Scheduled>().check(({ value, issues }) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject && typeof value !== 'number') {
      issues.push({ code: 'custom', input: value, message: expected });
      return;
    }
    const inner = (isObject ? change : number)._zod.run({ value, issues: [] }, { async: false });
    if (!(inner instanceof Promise)) issues.push(...inner.issues);
  });
}

/**
 * Its value at a step, counted from 1: `from` at the first, `to` from step `steps` + 1 on. The cosine is half a
 * period (Loshchilov & Hutter 2017, without restarts).
 */
export function valueAt(scheduled: Scheduled, step: number): number {
  if (typeof scheduled === 'number') return scheduled;
  const { from, to, steps, shape } = scheduled;
  const passed = Math.min((step - 1) / steps, 1);
  const left = shape === 'linear' ? 1 - passed : (1 + Math.cos(Math.PI * passed)) / 2;
  return to + (from - to) * left;
}

/** The largest value it takes. */
export function largest(scheduled: Scheduled): number {
  return typeof scheduled === 'number' ? scheduled : Math.max(scheduled.from, scheduled.to);
}
