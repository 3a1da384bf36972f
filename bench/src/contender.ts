import type { Device } from '@ganport/runtime/node';
import type { Preset } from './presets.ts';

/** What trains a GAN, in a process of its own. Whoever creates one disposes of it. */
export interface Contender {
  /** Version, device, threads: one line for the report. */
  readonly description: string;
  /** Weights that it trains, of both networks: those of another network show here. */
  readonly parameters: number;
  /** Of earlier revisions: they are only asked for multiples of these. */
  readonly stepsPerRun?: number;
  /** Training steps, each a D update and a G update, done when the promise settles. */
  run(steps: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface ContenderOptions {
  readonly preset: Preset;
  readonly batch: number;
  readonly threads: number;
  readonly device: Device;
}

export type CreateContender = (options: ContenderOptions) => Promise<Contender>;

/** What the parent process writes to a contender's standard input: a line of JSON each. */
export type Request =
  | { readonly type: 'create'; readonly options: ContenderOptions }
  | { readonly type: 'run'; readonly steps: number }
  | { readonly type: 'end' };

/** What it reads from the contender's standard output: a line of JSON for each request. */
export type Reply =
  | ({ readonly type: 'ready' } & Omit<Contender, 'run' | 'dispose'>)
  | { readonly type: 'ran'; readonly seconds: number }
  | { readonly type: 'ended'; readonly peakBytes: number }
  | { readonly type: 'failed'; readonly reason: string };
