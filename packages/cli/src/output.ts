/** Where a command puts what it makes: a file, or standard output. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { quote } from '@ganport/model';
import { fileError, writeFileAtomic } from '@ganport/model/node';
import { type Result, UsageError } from './command.ts';
import { interruptible } from './interruption.ts';

/** As `-o`. */
export const STDOUT = '-';

/** How a result begins. */
export function wrote(out: string): string {
  return out === STDOUT ? 'Wrote to standard output' : `Wrote ${out}`;
}

/** What follows the last dot of a file's name, in small letters; "" where there is none. */
export function endingOf(out: string): string {
  return extname(out).slice(1).toLowerCase();
}

/** To call before the work. @throws UsageError if the bytes would go among what is read as text */
export function expectOutput(out: string, json: boolean | undefined): void {
  if (out !== STDOUT) return;
  if (json) throw new UsageError('-o - and --json both write to standard output: leave one out');
  if (process.stdout.isTTY) {
    throw new UsageError('-o -: standard output is a terminal: send it on with > or |');
  }
}

/** To call before the work, too. @throws ModelError if there is no folder to write the file into */
export function expectPlace(out: string): void {
  if (out === STDOUT) return;
  try {
    accessSync(dirname(out), constants.W_OK);
  } catch (error) {
    throw fileError(`write ${out}`, error);
  }
}

/** To call before the work, too. @throws UsageError if a file that is read is what would be written, by whatever name */
export function expectOther(out: string, read: string): void {
  const [to, from] = [out, read].map((path) => statSync(path, { throwIfNoEntry: false }));
  if (!to || to.dev !== from?.dev || to.ino !== from.ino) return;
  throw new UsageError(`-o: ${quote(out)} is ${quote(read)}, which is read: choose another name`);
}

/** @throws ModelError if the file cannot be written; it is then as it was */
export async function deliver(out: string, bytes: Uint8Array, result: Result): Promise<Result> {
  if (out === STDOUT) return { ...result, bytes };
  // Ctrl-C waits for the moment that it takes, as what is half-written would stay; a second does not.
  await interruptible(() => writeFileAtomic(out, bytes));
  return result;
}
