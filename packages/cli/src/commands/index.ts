/** Every command, in the order help lists them. */
import type { AnyCommand } from '../command.ts';
import { doctor } from './doctor.ts';
import { exportCommand } from './export.ts';
import { inspect } from './inspect.ts';
import { sample } from './sample.ts';
import { serve } from './serve.ts';
import { start } from './start.ts';
import { train } from './train.ts';

export const COMMANDS: readonly AnyCommand[] = [
  start,
  train,
  exportCommand,
  sample,
  serve,
  inspect,
  doctor,
];
