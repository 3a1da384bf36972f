/** Where a graph runs. This entry runs in a page too; what needs Node is in the other. */
export { beforeAbort } from './before-abort.ts';
export { RuntimeError } from './error.ts';
export { type OrtRuntime, turnsOf, type WebRuntime } from './ort.ts';
export type { Port, Program, ProgramOptions, RunOptions } from './program.ts';
export { createTurns, type Turns } from './turns.ts';
export { openWeb, type WebOptions } from './web-program.ts';
