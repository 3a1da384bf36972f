/** The sweeps behind the tables of docs/methods.md, as `ganport sweep` takes them. */
import { type ImageSize, PRESETS } from '@ganport/model';
import { LOSSES } from '@ganport/train';

export interface MethodsSweep {
  /** What its table is called. */
  title: string;
  base: Readonly<Record<string, unknown>> & { steps: number };
  vary: Readonly<Record<string, unknown>>;
  /** Scores of its table. */
  columns: readonly string[];
}

const DIGITS: ImageSize = { channels: 1, height: 28, width: 28 };

const QUALITY = ['Fréchet distance', 'classes drawn', 'precision', 'recall', 'ms per step'];

/** Every loss, with what its paper trains it with. */
function losses(preset: 'quick' | 'mlp' | 'conv', steps: number, seeds: number): MethodsSweep {
  return {
    title: `Every loss, ${preset}`,
    base: { preset, steps, every: { metrics: 50, checkpoint: Math.ceil(steps / 5) } },
    vary: { loss: Object.keys(LOSSES), seed: firstSeeds(seeds) },
    columns: QUALITY,
  };
}

/** Batch statistics and a penalty on gradients exclude each other: these losses' discriminator has none. */
function dcganLosses(steps: number, seeds: number): MethodsSweep {
  const { discriminator } = PRESETS.dcgan(DIGITS);
  const layers = discriminator.layers.filter(({ type }) => type !== 'batchNorm');
  const choices = Object.keys(LOSSES).map((loss) => {
    const penalised = loss === 'wasserstein' || loss === 'relativistic';
    return [loss, { loss, ...(penalised && { discriminator: { ...discriminator, layers } }) }];
  });
  return {
    title: 'Every loss, dcgan',
    base: { preset: 'dcgan', steps, every: { metrics: 50, checkpoint: Math.ceil(steps / 5) } },
    vary: { loss: Object.fromEntries(choices), seed: firstSeeds(seeds) },
    columns: QUALITY,
  };
}

function firstSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, seed) => seed);
}

/** With the steps of a night on two cores; in the order in which they say most. */
export const SWEEPS: Readonly<Record<string, MethodsSweep>> = {
  'losses-quick': losses('quick', 2000, 3),
  'losses-mlp': losses('mlp', 5000, 3),
  'losses-conv': losses('conv', 500, 2),
  'losses-dcgan': dcganLosses(1000, 2),
};
