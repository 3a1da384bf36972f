/** What a row says of a kind of layer. */
import type { Distribution } from '../../src/layers/index.ts';
import type { NetworkSpec } from '../../src/network.ts';
import type { Batch } from '../arrays.ts';

export type InputSpec = NetworkSpec['inputs'][string];

export interface Row {
  reference: Reference;
  /** By title: inputs, options and the output's shape. */
  cases: Record<string, Case>;
  /** Inputs and options, and what the error says after the layer's name. */
  refuses?: readonly Refusal[];
}

interface Case {
  of: readonly InputSpec[];
  with?: object;
  shape: readonly number[];
}

interface Refusal {
  of: readonly InputSpec[];
  with?: object;
  saying: string;
}

type Reference = (inputs: readonly Batch[], context: Context) => Batch;

export interface Context {
  // biome-ignore lint/suspicious/noExplicitAny: each layer has options of its own.
  options: any;
  training: boolean;
  weight(name: string): Batch;
  update(name: string, next: Batch): void;
  random(name: string, shape: readonly number[], distribution: Distribution): Batch;
}

/** What rows are tried on, and what is said where there is no image. */
export const image = [3, 7, 6];
export const NO_IMAGE =
  'expected an input of shape [channels, height, width]; a reshape layer makes one, got [5]';
