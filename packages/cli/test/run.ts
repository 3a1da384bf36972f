/** Runs command lines in this process. */
import { expect, vi } from 'vitest';
import { main } from '../src/cli.ts';

export interface Outcome {
  code: number;
  /** Bytes that are no text are written as Latin-1. */
  stdout: string;
  stderr: string;
}

export async function ganport(...args: string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      written[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
      return true;
    }),
  );
  // Help is printed with it.
  const log = vi.spyOn(console, 'log').mockImplementation((text) => {
    written.stdout += `${text}\n`;
  });
  try {
    return { code: await main(args), ...written };
  } finally {
    for (const spy of [...spies, log]) spy.mockRestore();
  }
}

/** Runs a command line that must fail with this code, one line on stderr and nothing on stdout. */
export async function failure(code: number, ...args: string[]): Promise<string> {
  const outcome = await ganport(...args);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toMatch(/^ganport: [^\n]+\n$/);
  return outcome.stderr;
}
