/** What draws, as the thread that draws sees it. */
import type { GeneratorMetadata } from '@ganport/model';
import type { Sampler } from '../sampler.ts';
import type { Facts, LoadAsk } from './protocol.ts';

export interface Engine {
  readonly metadata: GeneratorMetadata;
  readonly facts: Facts;
  /** Lets a sampler draw; another takes over where its device is lost. */
  draw<T>(by: (sampler: Sampler) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface EngineEvents {
  /** Bytes of the runtime that have arrived. */
  progress(loaded: number, total: number | undefined): void;
  moved(facts: Facts): void;
}

/** @throws RefusedModel if the model is at fault, whatever draws it; anything else if the runtime is */
export type OpenEngine = (ask: LoadAsk, events: EngineEvents) => Promise<Engine>;

/** No runtime can draw the model. */
export class RefusedModel extends Error {
  override name = 'SampleError';
}
