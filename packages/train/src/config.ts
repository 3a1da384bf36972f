/** What a training run is configured with: a preset, a file over it, flags over both. */
import {
  type ImageSize,
  ModelError,
  networkSchema,
  PRESETS,
  type PresetName,
  parseOrThrow,
  quote,
  unknownKeys,
} from '@ganport/model';
import * as z from 'zod';
import { rangeSetting } from './data/npy/settings.ts';
import { pictureSettings } from './data/pictures/settings.ts';
import { SOURCES, withSource } from './data/source-name.ts';
import { DEFAULT_RECIPE, RECIPES, type RecipeName } from './recipe/index.ts';
import { LOSS_ALIASES, LOSSES, type Loss, type LossName } from './recipe/losses.ts';

/** Line and paragraph separators break lines too, and a lone surrogate is no character. */
const UNFIT_NAME = /[/\\\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|^\.\.?$/u;

const steps = z.int().min(1).max(100_000_000);

/** What every recipe is configured with. */
const common = {
  name: z
    .string()
    .min(1)
    .max(100)
    .refine((name) => !UNFIT_NAME.test(name), {
      error: 'expected a name without slashes and control characters, other than "." and ".."',
    })
    .describe("the generator's name, and that of a run's folder where none is given"),
  generator: networkSchema.describe("the generator; the preset's by default"),
  discriminator: networkSchema.describe("the discriminator; the preset's by default"),
  data: z.enum(SOURCES).describe('where images come from; SOURCE:PATH gives `dataDir` too'),
  dataDir: z
    .string()
    .refine((path) => path !== '' && !path.includes('\0'), {
      error: 'expected a path, not empty and without NUL',
    })
    .describe(
      "the data's folder or file, from where the configuration file is; without it, `mnist` and `fashion` are downloaded",
    )
    .optional(),
  ...pictureSettings.shape,
  range: rangeSetting
    .describe('what the numbers of arrays that are not bytes mean: of black and of white')
    .optional(),
  flip: z
    .boolean()
    .describe('whether half of the images that a step sees are mirrored, left to right'),
  batch: z.int().min(1).max(65_536).describe('images of each kind that a step sees'),
  steps: steps.describe('how many steps the run has in all'),
  recoveries: z
    .int()
    .min(0)
    .max(100)
    .describe(
      'how often training that diverges goes back to its last checkpoint, each time with half the learning rate; 3 by default, 0 stops it',
    )
    .optional(),
  seed: z.int().nonnegative().describe('what all random numbers follow from'),
  every: z.strictObject({
    metrics: steps.describe('steps between lines of metrics.jsonl'),
    checkpoint: steps.describe('steps between checkpoints, each with its samples and scores'),
  }),
};

const recipeNames = Object.keys(RECIPES) as [RecipeName];

/** The common settings, and the recipe's own beside them. */
export const configSchema = z.strictObject(
  {
    ...common,
    recipe: z.enum(recipeNames).describe('the procedure'),
    ...RECIPES[DEFAULT_RECIPE].settings.shape,
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `the recipe ${quote(recipeNamed(issue.input))} ${unknownKeys(issue.keys, configKeys())}`
        : undefined,
  },
);

/** The recipe that a configuration names, or is of where it names none. */
function recipeNamed(config: unknown): RecipeName {
  const { recipe } = config as { recipe?: unknown };
  return recipeNames.find((name) => name === recipe) ?? DEFAULT_RECIPE;
}

function configKeys(): string[] {
  return Object.keys(overridesSchema.shape);
}

export type TrainConfig = z.infer<typeof configSchema>;

/** The published procedure's settings; PyTorch's defaults where it gives none. */
const PUBLISHED = {
  recipe: DEFAULT_RECIPE,
  seed: 0,
  flip: false,
  loss: 'bce',
  augment: [],
  discriminatorSteps: 1,
  schedule: { type: 'constant' },
  adam: { learningRate: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ema: 0,
} as const;

/** Warmed up, as the first weights are noise, which short runs would draw. */
const AVERAGED = { ema: 0.995, emaWarmup: true } as const;

const DCGAN = {
  ...PUBLISHED,
  batch: 64,
  steps: 3000,
  adam: { learningRate: 1e-3, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 },
  ...AVERAGED,
  every: { metrics: 10, checkpoint: 500 },
} as const;

/** Of discriminators with spectral norms: Miyato et al. 2018's Adam for residual networks, with a higher rate. */
const SPECTRAL = {
  ...PUBLISHED,
  loss: 'hinge',
  batch: 32,
  adam: { learningRate: 5e-4, beta1: 0, beta2: 0.9, epsilon: 1e-8 },
  ...AVERAGED,
  every: { metrics: 10, checkpoint: 500 },
} as const;

const R3GAN_STEPS = 4000;
/** Huang et al. 2024 let the rate, β₂ and the penalties' weight change over the whole run. */
const overR3gan = (from: number, to: number) =>
  ({ from, to, steps: R3GAN_STEPS, shape: 'cosine' }) as const;

const TRAINING = {
  mlp: { ...PUBLISHED, batch: 128, steps: 20_000, every: { metrics: 20, checkpoint: 2000 } },
  conv: { ...PUBLISHED, batch: 64, steps: 3000, every: { metrics: 5, checkpoint: 250 } },
  quick: {
    ...PUBLISHED,
    batch: 64,
    steps: 2000,
    adam: { learningRate: 1e-3, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 },
    ...AVERAGED,
    every: { metrics: 10, checkpoint: 500 },
  },
  dcgan: DCGAN,
  cdcgan: DCGAN,
  projection: DCGAN,
  sngan: { ...SPECTRAL, steps: 5000 },
  resnet: { ...SPECTRAL, steps: 4000, discriminatorRate: 3 },
  r3gan: {
    ...PUBLISHED,
    loss: 'relativistic',
    penalties: { r1: overR3gan(4, 0.4), r2: overR3gan(4, 0.4) },
    batch: 32,
    steps: R3GAN_STEPS,
    adam: { learningRate: 1e-3, beta1: 0, beta2: overR3gan(0.9, 0.99), epsilon: 1e-8 },
    schedule: { type: 'cosine', steps: R3GAN_STEPS, end: 0.25 },
    ...AVERAGED,
    every: { metrics: 10, checkpoint: 500 },
  },
} satisfies Record<PresetName, { loss: LossName; [setting: string]: unknown }>;

/**
 * What a configuration file, or the flags, may say; the rest comes from the preset. Descriptions, here as in
 * each setting's schema, are what docs/config.md says of it.
 */
export const overridesSchema = configSchema.partial().extend({
  $schema: z
    .string()
    .describe(
      'for editors, the path of [config.schema.json](config.schema.json); read by nothing else',
    )
    .optional(),
  preset: z
    .enum(Object.keys(PRESETS) as [PresetName])
    .describe('the networks and settings that the rest of this is laid over')
    .optional(),
  adam: configSchema.shape.adam.partial().optional(),
  every: configSchema.shape.every.partial().optional(),
});

export type Overrides = z.input<typeof overridesSchema>;

export const DEFAULT_PRESET: PresetName = 'quick';

/** What networks are for until the data are known: MNIST's. */
const DIGITS: ImageSize = {
  ...{ channels: 1, height: 28, width: 28 },
  classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
};

/**
 * Resolves a configuration: later overrides win, and what none gives is the preset's.
 * @param sources pairs of a name for errors ("config.json", "flags") and what it says
 * @param image what the preset's networks are made for, the size of the data's images
 * @throws ModelError for an unknown key, a value out of range, or a preset that has no networks for the size
 */
export function resolveConfig(
  sources: readonly (readonly [string, unknown])[],
  image: ImageSize = DIGITS,
): TrainConfig {
  const overrides = sources.map(([what, value]) =>
    parseOrThrow(overridesSchema, withSource(withLossNamed(value), what), what),
  );
  const preset = overrides.findLast((o) => o.preset)?.preset ?? DEFAULT_PRESET;
  const isGiven = overrides.some((o) => o.generator) && overrides.some((o) => o.discriminator);
  const networks = isGiven ? {} : PRESETS[preset](image);
  const defaults = { name: preset, data: 'glyphs', ...networks, ...TRAINING[preset] };
  const config: Record<string, unknown> & typeof defaults = defaults;
  // A loss that is asked for comes with what its paper trains it with, unless other is given.
  const asked = overrides.findLast((o) => o.loss)?.loss;
  const { training, penalties }: Loss = LOSSES[asked ?? config.loss];
  if (asked) {
    Object.assign(config, training, { adam: { ...config.adam, ...training?.adam }, penalties });
  }
  for (const { $schema: _, preset: __, adam, every, ...rest } of overrides) {
    Object.assign(config, rest);
    Object.assign(config, {
      adam: { ...config.adam, ...adam },
      every: { ...config.every, ...every },
    });
  }
  config.penalties ??= penalties;
  // A preset's warm-up is that of its average.
  if (config.ema === 0 && !overrides.some((o) => o.emaWarmup)) delete config.emaWarmup;
  const resolved = parseOrThrow(configSchema, config, 'the configuration');
  expectSettingsOfLoss(resolved);
  if (resolved.emaWarmup && resolved.ema === 0) {
    throw new ModelError('emaWarmup is for a moving average: expected ema above 0, got 0');
  }
  return resolved;
}

/** A loss by the name it has here. */
function withLossNamed(value: unknown): unknown {
  const { loss } = (value ?? {}) as { loss?: unknown };
  if (typeof loss !== 'string' || !Object.hasOwn(LOSS_ALIASES, loss)) return value;
  return { ...(value as object), loss: LOSS_ALIASES[loss] };
}

/** @throws ModelError for a setting that the loss has no use for */
function expectSettingsOfLoss({ loss, clip, realLabel }: TrainConfig): void {
  const { wasserstein, labels }: Loss = LOSSES[loss];
  const namesOf = (fits: (loss: Loss) => boolean | undefined) =>
    Object.entries(LOSSES)
      .filter(([, each]) => fits(each))
      .map(([name]) => quote(name))
      .join(', ');
  if (clip !== undefined && !wasserstein) {
    throw new ModelError(
      `clip is for a critic: expected a loss of ${namesOf((each) => each.wasserstein)}, got ${quote(loss)}`,
    );
  }
  if (realLabel !== undefined && !labels) {
    throw new ModelError(
      `realLabel is for losses with labels: expected a loss of ${namesOf((each) => each.labels)}, got ${quote(loss)}`,
    );
  }
}
