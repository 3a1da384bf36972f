/** The runs of `bench alarm`: healthy ones, and others that are broken on purpose, each in two seeds on three data sets. */
import type { Overrides } from '@ganport/train';

export const DATA = ['glyphs', 'mnist', 'shapes'] as const;
export type Data = (typeof DATA)[number];

/** Of all images: their height and width. */
export const SIZE = 28;
export const CHANNELS = { glyphs: 1, mnist: 1, shapes: 3 } as const;

export interface LabelledRun {
  name: string;
  data: Data;
  /** What is done to it, or its loss where nothing is. */
  way: string;
  broken: boolean;
  seed: number;
}

interface Way {
  broken: boolean;
  settings: Overrides;
  /** Units of a layer that the generator's latent is sent through; none unless given. */
  bottleneck?: number;
}

const adam = { learningRate: 1e-3, beta1: 0.5, beta2: 0.99 };

/** Settings over those of the preset quick. What each way draws has been looked at: healthy ones draw varied pictures. */
export const WAYS: Readonly<Record<string, Way>> = {
  bce: { broken: false, settings: { loss: 'bce', adam } },
  lsgan: { broken: false, settings: { loss: 'lsgan', adam } },
  hinge: { broken: false, settings: { loss: 'hinge', discriminatorSteps: 1, adam } },
  relativistic: { broken: false, settings: { loss: 'relativistic', adam } },
  'rate × 300': { broken: true, settings: { adam: { ...adam, learningRate: 0.3 } } },
  'momentum 0.99': { broken: true, settings: { adam: { ...adam, beta1: 0.99 } } },
  'discriminator too fast': {
    broken: true,
    settings: { adam: { ...adam, learningRate: 1e-5 }, discriminatorRate: 100 },
  },
  'saturating loss': {
    broken: true,
    settings: { loss: 'minimax', adam, discriminatorRate: 10 },
  },
  'discriminator too slow': { broken: true, settings: { adam, discriminatorRate: 0.01 } },
  'latent of two numbers': { broken: true, settings: { adam }, bottleneck: 2 },
};

export const STEPS = 400;
/** Steps between looks at the pictures. */
export const LOOK_EVERY = 50;

/** Of odd seeds thresholds were chosen on, of even ones they are judged by. */
const SEEDS = [1, 2];

export function labelledRuns(): LabelledRun[] {
  return DATA.flatMap((data) =>
    Object.entries(WAYS).flatMap(([way, { broken }]) =>
      SEEDS.map((seed) => ({ name: nameOf(data, way, seed), data, way, broken, seed })),
    ),
  );
}

function nameOf(data: Data, way: string, seed: number): string {
  return `${data}-${way.replaceAll(/[^\w]+/g, '-')}-${seed}`;
}

/** Half as wide as the preset quick's networks: a run takes ten seconds of a core. */
export function settingsOf({ name, data, way, seed }: LabelledRun): Overrides {
  const { settings, bottleneck } = WAYS[way]!;
  const channels = CHANNELS[data];
  const leaky = { type: 'leakyRelu', slope: 0.2 } as const;
  const stride = { kernel: 4, stride: 2, pad: 1 } as const;
  return {
    preset: 'quick',
    name,
    seed,
    batch: 32,
    ema: 0.98,
    steps: STEPS,
    recoveries: 0,
    every: { metrics: 1, checkpoint: LOOK_EVERY },
    generator: {
      inputs: { z: [32] },
      layers: [
        ...(bottleneck ? [{ type: 'dense', units: bottleneck } as const] : []),
        { type: 'dense', units: 32 * 7 * 7 },
        { type: 'reshape', shape: [32, 7, 7] },
        { type: 'batchNorm' },
        { type: 'relu' },
        { type: 'convTranspose2d', filters: 16, ...stride },
        { type: 'batchNorm' },
        { type: 'relu' },
        { type: 'convTranspose2d', filters: channels, ...stride },
        { type: 'tanh' },
      ],
    },
    discriminator: {
      inputs: { image: [channels, SIZE, SIZE] },
      layers: [
        { type: 'conv2d', filters: 12, ...stride },
        leaky,
        { type: 'conv2d', filters: 24, ...stride },
        leaky,
        { type: 'flatten' },
        { type: 'dense', units: 1 },
      ],
    },
    ...settings,
  };
}
