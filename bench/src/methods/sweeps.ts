/** The sweeps behind the tables of docs/methods.md, as `ganport sweep` takes them. */
import { type ImageSize, PRESETS, type PresetName } from '@ganport/model';
import { LOSSES, resolveConfig } from '@ganport/train';
import type { DataName } from './data.ts';

export interface MethodsSweep {
  /** What its table is called. */
  title: string;
  data: DataName;
  base: Settings & { steps: number };
  /** Values of a setting, or several settings by a name. */
  vary: Readonly<Record<string, readonly unknown[] | Readonly<Record<string, Settings>>>>;
  /** Pictures of each run that are scored, where not as many as is usual of its data. */
  scored?: number;
  /** Scores of its table. */
  columns: readonly string[];
}

type Settings = Readonly<Record<string, unknown>>;

const DIGITS: ImageSize = { channels: 1, height: 28, width: 28 };

const FRECHET = 'Fréchet distance';
const DRAWN = 'classes drawn';
const STEP = 'ms per step';
const QUALITY = [FRECHET, DRAWN, 'precision', 'recall', STEP];

/** Checkpoints, which are scored, at each fifth. */
function settings(preset: PresetName, steps: number) {
  return { preset, steps, every: { metrics: 50, checkpoint: Math.ceil(steps / 5) } };
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, seed) => seed);
}

/** Every loss, with what its paper trains it with. */
function losses(preset: PresetName, steps: number, count: number): MethodsSweep {
  return {
    ...{ title: `Every loss, ${preset}`, data: 'mnist', base: settings(preset, steps) },
    vary: { loss: Object.keys(LOSSES), seed: seeds(count) },
    columns: QUALITY,
  };
}

/** dcgan has batch statistics, which a penalty on gradients excludes: the discriminator of these losses has none. */
function dcganLosses(steps: number, count: number): MethodsSweep {
  const { discriminator } = PRESETS.dcgan(DIGITS);
  const layers = discriminator.layers.filter(({ type }) => type !== 'batchNorm');
  const choices = Object.entries(LOSSES).map(([loss, { penalties }]) => {
    const penalised = Object.keys(penalties).length > 0;
    return [loss, { loss, ...(penalised && { discriminator: { ...discriminator, layers } }) }];
  });
  return {
    ...losses('dcgan', steps, count),
    vary: { loss: Object.fromEntries(choices), seed: seeds(count) },
  };
}

/** The discriminator of quick with an option for each layer that has weights, and layers before the last. */
function quickDiscriminator(option: object, before: readonly object[] = []) {
  const { discriminator } = PRESETS.quick(DIGITS);
  const layers = discriminator.layers.flatMap((layer) => {
    const own = layer.type === 'conv2d' || layer.type === 'dense' ? { ...layer, ...option } : layer;
    return layer.type === 'flatten' ? [...before, own] : [own];
  });
  return { discriminator: { ...discriminator, layers } };
}

const LATE = (to: number, steps: number) => ({ from: 0, to, steps, shape: 'cosine' });

/** One at a time, beside none of them. */
const STABILISERS = {
  none: {},
  'moving average': { ema: 0.995, emaWarmup: false },
  'moving average, warmed up': { ema: 0.999, emaWarmup: true },
  'label smoothing': { realLabel: 0.9 },
  'two discriminator steps': { discriminatorSteps: 2 },
  'discriminator rate x2': { discriminatorRate: 2 },
  'discriminator rate x0.5': { discriminatorRate: 0.5 },
  'gradient norm 1': { gradientNorm: 1 },
  'cosine rate': { schedule: { type: 'cosine', steps: 2000, end: 0.05 } },
  'gradient penalty 1': { penalties: { gradient: 1 } },
  'R1 0.1': { penalties: { r1: 0.1 } },
  'R1 and R2 0.1': { penalties: { r1: 0.1, r2: 0.1 } },
  'spectral norm': quickDiscriminator({ spectralNorm: true }),
  'minibatch deviation': quickDiscriminator({}, [{ type: 'minibatchStd' }]),
  DiffAugment: { augment: ['brightness', 'contrast', 'translation', 'cutout'] },
  'DiffAugment, later': {
    augment: ['brightness', 'contrast', 'translation', 'cutout'],
    augmentProbability: LATE(0.5, 2000),
  },
} as const;

/** What the published networks are improved by, in as many steps: mlp's take as long, R1 is worth a tenth more to conv. */
const IMPROVED = {
  mlp: { adam: { learningRate: 1e-3, beta1: 0.5, beta2: 0.99 }, realLabel: 0.9 },
  conv: { adam: { learningRate: 2e-3, beta1: 0.5, beta2: 0.99 }, penalties: { r1: 3 } },
} as const;

function improved(preset: 'mlp' | 'conv', steps: number, count: number): MethodsSweep {
  const better = { ...IMPROVED[preset], ema: 0.999, emaWarmup: true };
  return {
    ...{ title: `As published, and improved: ${preset}`, data: 'mnist' },
    base: settings(preset, steps),
    vary: { with: { 'as published': {}, improved: better }, seed: seeds(count) },
    columns: QUALITY,
  };
}

/** As many steps as take R3GAN and DCGAN as long on two cores, where a step of theirs takes 197 and 32 ms. */
function stacked(title: string, hours: 'short' | 'long', count: number): MethodsSweep {
  const [r3gan, dcgan] = hours === 'long' ? [22_000, 136_000] : [2200, 13_600];
  const every = { metrics: 50, checkpoint: hours === 'long' ? 2000 : 400 };
  const network = {
    R3GAN: { preset: 'r3gan', steps: r3gan },
    DCGAN: { preset: 'dcgan', steps: dcgan },
  };
  return {
    ...{ title, data: 'stacked', base: { steps: dcgan, every } },
    vary: { network, seed: seeds(count) },
    // Many runs, of which the question is whether they collapse: 918 of 1,000 kinds are seen at best.
    ...(hours === 'short' && { scored: 2500 }),
    columns: [DRAWN, FRECHET, STEP],
  };
}

/** Conditional ones have a sweep of their own. */
function everyPreset(): MethodsSweep {
  const names = ['quick', 'mlp', 'conv', 'dcgan', 'sngan', 'resnet', 'r3gan'] as const;
  const own = names.map((preset) => {
    const { steps } = resolveConfig([['preset', { preset }]]);
    return [preset, { preset, steps }];
  });
  return {
    ...{ title: 'Every preset with its own settings and steps', data: 'mnist' },
    base: { steps: 1000 },
    vary: { preset: Object.fromEntries(own), seed: [0] },
    columns: QUALITY,
  };
}

/** With the steps of a night on two cores; in the order in which they say most. */
export const SWEEPS: Readonly<Record<string, MethodsSweep>> = {
  'losses-quick': losses('quick', 2000, 3),
  'losses-mlp': losses('mlp', 5000, 3),
  'losses-conv': losses('conv', 500, 2),
  'losses-dcgan': dcganLosses(1000, 2),
  stabilisers: {
    ...{ title: 'One stabiliser at a time, quick', data: 'mnist' },
    base: { ...settings('quick', 2000), ema: 0 },
    vary: { with: STABILISERS, seed: seeds(3) },
    columns: QUALITY,
  },
  'improved-mlp': improved('mlp', 5000, 3),
  'improved-conv': improved('conv', 1000, 3),
  conditional: {
    ...{ title: 'The class that is asked for', data: 'mnist', base: settings('cdcgan', 3000) },
    vary: { preset: ['cdcgan', 'projection'], seed: seeds(2) },
    columns: ['class accuracy', FRECHET, STEP],
  },
  presets: everyPreset(),
  'stacked-short': stacked('Stacked MNIST, ten seeds', 'short', 10),
  stacked: stacked('Stacked MNIST', 'long', 1),
  shapes: {
    ...{ title: 'Shapes in colour', data: 'shapes', base: { steps: 1000 } },
    vary: { preset: ['dcgan', 'sngan', 'resnet', 'r3gan'], seed: seeds(2) },
    columns: ['swd', STEP],
  },
};
