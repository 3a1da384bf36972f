import type { Program } from '../../src/program.ts';
import type { Open, ProgramCase, Traits } from './case.ts';

/** Runs one case, and closes every program that it opened. */
export async function runCase(testCase: ProgramCase, open: Open, traits: Traits): Promise<void> {
  const opened: Program[] = [];
  const openAndKeep: Open = async (model, options) => {
    const program = await open(model, options);
    opened.push(program);
    return program;
  };
  try {
    await testCase.run({ open: openAndKeep, traits });
  } finally {
    for (const program of opened) await program.close();
  }
}
