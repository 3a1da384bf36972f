import type { Preset } from './presets.ts';

/** What trains a GAN, in a process of its own. Whoever creates one disposes of it. */
export interface Contender {
  /** Version, backend, threads: one line for the report. */
  readonly description: string;
  /** One training step, D update and G update, done when the promise settles. */
  step(): Promise<void>;
  dispose(): Promise<void>;
}

export interface ContenderOptions {
  readonly preset: Preset;
  readonly batch: number;
  readonly threads: number;
}

export type CreateContender = (options: ContenderOptions) => Promise<Contender>;

/** Where a contender is: a module of this folder, and the CreateContender it exports. */
export interface ContenderEntry {
  readonly name: string;
  readonly module: string;
  readonly create: string;
}

/** What the parent process sends. */
export type Request =
  | { readonly type: 'create'; readonly entry: ContenderEntry; readonly options: ContenderOptions }
  | { readonly type: 'run'; readonly steps: number }
  | { readonly type: 'end' };

/** What it gets back, once for each request. */
export type Reply =
  | { readonly type: 'ready'; readonly description: string }
  | { readonly type: 'ran'; readonly seconds: number }
  | { readonly type: 'ended'; readonly peakBytes: number }
  | { readonly type: 'failed'; readonly reason: string };
