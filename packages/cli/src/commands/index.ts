/** Every command, in the order help lists them. */
import type { Command } from '../command.ts';
import { doctor } from './doctor.ts';
import { exportCommand } from './export.ts';
import { inspect } from './inspect.ts';
import { sample } from './sample.ts';
import { serve } from './serve.ts';
import { start } from './start.ts';
import { train } from './train.ts';

// biome-ignore lint/suspicious/noExplicitAny: each command knows the type of its own options.
export const COMMANDS: readonly Command<any, any>[] = [
  start,
  train,
  exportCommand,
  sample,
  serve,
  inspect,
  doctor,
];
