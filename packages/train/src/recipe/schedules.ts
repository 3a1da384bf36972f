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
export const scheduled = (number: z.ZodNumber) =>
  z.union([
    number,
    z.strictObject({ from: number, to: number, steps, shape: z.enum(['linear', 'cosine']) }),
  ]);

export type Scheduled = z.infer<ReturnType<typeof scheduled>>;

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
