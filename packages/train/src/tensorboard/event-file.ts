/** A run's metrics and pictures as a file of TensorBoard's, beside what is written anyway. */
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileError } from '@ganport/model/node';
import type { RunWriter } from '../run-writer.ts';
import { event, record, type What } from './record.ts';

/** What writers of this format say first. */
const VERSION = 'brain.Event:2';
/** What the name of each file begins with: TensorBoard looks for it. */
const PREFIX = 'events.out.tfevents.';

/** Whether a run has been written into such a file. @param folder that there is */
export function hasEvents(folder: string): boolean {
  return readdirSync(folder).some((name) => name.startsWith(PREFIX));
}

export interface EventFileOptions {
  /** The run folder. */
  folder: string;
  /** Steps done before: what earlier files have of later ones is passed over. */
  step: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Writes all that the run folder gets of metrics and pictures into a new file in it, too. @throws ModelError */
export function withEvents(
  run: RunWriter,
  { folder, step: begin, now = Date.now }: EventFileOptions,
): RunWriter {
  const path = newFile(folder, now());
  const write = (step: number, what: What) => {
    try {
      appendFileSync(path, record(event(now() / 1000, step, what)));
    } catch (error) {
      throw fileError(`write ${path}`, error);
    }
  };
  write(0, { version: VERSION });
  if (begin > 0) write(begin + 1, { start: true });
  return {
    ...run,
    async logMetrics(line) {
      await run.logMetrics(line);
      const { step, ...values } = line;
      const scalars = Object.entries(values).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number',
      );
      write(Number(step), { summary: Object.fromEntries(scalars) });
    },
    async saveSamples(step, png) {
      await run.saveSamples(step, png);
      write(step, { summary: { samples: { png } } });
    },
  };
}

/** Makes one, named by time, machine, process and number. */
function newFile(folder: string, time: number): string {
  const machine = hostname().replaceAll(/[^\w.-]/g, '-');
  const name = `${PREFIX}${Math.floor(time / 1000)}.${machine}.${process.pid}`;
  for (let number = 0; ; number++) {
    const path = join(folder, `${name}.${number}`);
    try {
      writeFileSync(path, '', { flag: 'wx' });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw fileError(`write ${path}`, error);
    }
  }
}
