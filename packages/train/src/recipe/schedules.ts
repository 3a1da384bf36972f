/** How the learning rate changes: its factor at a step, a pure function of the step. */
import * as z from 'zod';

const falling = <T extends string>(type: T) =>
  z.strictObject({
    type: z.literal(type),
    /** Over so many steps; constant after them. */
    steps: z.int().min(1).max(100_000_000),
    /** The factor it ends at. */
    end: z.number().min(0).max(1).default(0),
  });

export const scheduleSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant') }),
  falling('linear'),
  falling('cosine'),
]);

export type Schedule = z.infer<typeof scheduleSchema>;

/**
 * The factor of the learning rate at a step, counted from 1: 1 at the first. The cosine is half a period
 * (Loshchilov & Hutter 2017, without restarts).
 */
export function rateFactor(schedule: Schedule, step: number): number {
  if (schedule.type === 'constant') return 1;
  const { type, steps, end } = schedule;
  const passed = Math.min((step - 1) / steps, 1);
  const left = type === 'linear' ? 1 - passed : (1 + Math.cos(Math.PI * passed)) / 2;
  return end + (1 - end) * left;
}

/** A setting that is a number, or goes from one to another over so many steps and stays there. */
export const scheduled = (number: z.ZodNumber) =>
  z.union([
    number,
    z.strictObject({
      from: number,
      to: number,
      steps: z.int().min(1).max(100_000_000),
      shape: z.enum(['linear', 'cosine']),
    }),
  ]);

export type Scheduled = z.infer<ReturnType<typeof scheduled>>;

/** Its value at a step, counted from 1: `from` at the first, `to` from step `steps` + 1 on. */
export function valueAt(scheduled: Scheduled, step: number): number {
  if (typeof scheduled === 'number') return scheduled;
  const { from, to, steps, shape } = scheduled;
  return to + (from - to) * rateFactor({ type: shape, steps, end: 0 }, step);
}

/** The largest value it takes. */
export function largest(scheduled: Scheduled): number {
  return typeof scheduled === 'number' ? scheduled : Math.max(scheduled.from, scheduled.to);
}
