/** All that every implementation of `Program` does: as data, so that vitest and a page run the same. */
import type { ProgramCase } from './case.ts';
import { errorCases } from './errors.ts';
import { runCases } from './runs.ts';
import { trainingCases } from './training.ts';
import { turnCases } from './turns.ts';

export const programCases: readonly ProgramCase[] = [
  ...runCases,
  ...trainingCases,
  ...turnCases,
  ...errorCases,
];
