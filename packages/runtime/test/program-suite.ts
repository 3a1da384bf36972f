/** The suite that every implementation of `Program` passes, declared with vitest. */
import { describe, test } from 'vitest';
import type { Open, Traits } from './program/case.ts';
import { programCases } from './program/cases.ts';
import { runCase } from './program/run-case.ts';

/**
 * Declares the suite's cases for one implementation.
 * @param open opens a program with that implementation; the suite closes it
 */
export function programSuite(
  name: string,
  open: Open,
  traits: Traits,
  options: { skip?: boolean; timeout?: number } = {},
): void {
  const { skip = false, timeout = 30_000 } = options;
  describe.skipIf(skip)(name, () => {
    test.each(programCases)('$name', { timeout }, (testCase) => runCase(testCase, open, traits));
  });
}
