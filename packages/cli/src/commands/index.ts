/** Every command. */
import type { AnyCommand } from '../command.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor.ts';
import { embed } from './embed.ts';
import { evalCommand } from './eval.ts';
import { exportCommand } from './export.ts';
import { inspect } from './inspect.ts';
import { interpolate } from './interpolate.ts';
import { invertCommand } from './invert.ts';
import { reportCommand } from './report.ts';
import { runs } from './runs.ts';
import { sample } from './sample.ts';
import { serve } from './serve.ts';
import { start } from './start.ts';
import { sweepCommand } from './sweep.ts';
import { tab } from './tab.ts';
import { train } from './train.ts';
import { watch } from './watch.ts';

/** In the order help lists them. */
const WORKING: readonly AnyCommand[] = [
  start,
  train,
  exportCommand,
  sample,
  interpolate,
  invertCommand,
  serve,
  embed,
  evalCommand,
  sweepCommand,
  runs,
  reportCommand,
  watch,
  tab,
  inspect,
  doctor,
];

export const COMMANDS: readonly AnyCommand[] = [...WORKING, completion(WORKING)];
