export { RuntimeError } from './error.ts';
export type { OrtRuntime } from './ort.ts';
export type { Port, Program, ProgramOptions, RunOptions } from './program.ts';
