/**
 * The adversarial recipe: the discriminator's updates on real and on generated images, then the
 * generator's against the updated discriminator, each on noise of its own.
 */
import { bytesToNumbers, type Code, drawnWeight, inferenceGraph } from '@ganport/model';
import { ops as op, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { CLASSES, type Gan } from '../gan.ts';
import { ADAM_SLOTS } from './adam.ts';
import { AUGMENTATIONS, type AugmentationName } from './augmentations.ts';
import { createAverage } from './average.ts';
import { createCritic, type Judgement, judgeTogether } from './critic.ts';
import { crossEntropy } from './cross-entropy.ts';
import { createDraft, type Draft, type Random } from './draft.ts';
import { declareFeeds, type RecipeOptions, type TurnFeeds } from './gan-feeds.ts';
import { codeLoss } from './information.ts';
import { LOSSES, type Loss, type LossName } from './losses.ts';
import { PENALTIES, type Penalty, type PenaltyName } from './penalties.ts';
import { createPlayer, declareSlots, type Player } from './player.ts';
import type { Recipe } from './recipe.ts';
import { scheduled, scheduleSchema } from './schedules.ts';

const names = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as [T];

/** A share of what was before. Float32's next number to 1 is 1 − 6e-8: nearer, and nothing new would count. */
const decay = z.number().min(0).max(0.999999);

/** What a configuration says of this recipe. */
export const ganSettings = z.strictObject({
  loss: z
    .enum(names<LossName>(LOSSES))
    .describe('what is minimised; see [methods](methods.md#losses)'),
  penalties: z
    .partialRecord(z.enum(names<PenaltyName>(PENALTIES)), scheduled(z.number().min(0).max(1e6)))
    .describe(
      "what is added to the discriminator's loss, and times what (published weights are 0.01 to 100); by default the loss's own, `{}` for none",
    ),
  augment: z
    .array(z.enum(names<AugmentationName>(AUGMENTATIONS)))
    .describe(
      'what the discriminator sees images through, in order (DiffAugment, Zhao et al. 2020)',
    ),
  augmentProbability: scheduled(z.number().min(0).max(1))
    .describe('how likely each image is seen through them (Karras et al. 2020); always by default')
    .optional(),
  discriminatorSteps: z
    .int()
    .min(1)
    .max(100)
    .describe('updates of the discriminator in each step, every one on a batch of its own'),
  adam: z.strictObject({
    // An update moves each weight by about as much: a larger one leaves nothing of what was learnt.
    learningRate: z.number().min(1e-12).max(10).describe("Adam's step, at the schedule's factor 1"),
    beta1: decay.describe("decay of Adam's first moment, the mean of gradients"),
    beta2: scheduled(decay).describe("decay of Adam's second moment, the mean of their squares"),
    // Smaller ones are lost in float32, where the root of the smallest square is 1e-19.
    epsilon: z.number().min(1e-16).max(1).describe("what is added to the second moment's root"),
  }),
  discriminatorRate: z
    .number()
    .min(1e-3)
    .max(1e3)
    .describe(
      "the discriminator's learning rate, in times the generator's (TTUR, Heusel et al. 2017); 1 by default",
    )
    .optional(),
  gradientNorm: z
    .number()
    .min(1e-6)
    .max(1e6)
    .describe(
      "the longest that a network's gradient may be, all weights together: a longer one is shortened; any by default",
    )
    .optional(),
  schedule: scheduleSchema,
  clip: z
    .number()
    .min(1e-6)
    .max(1e3)
    .describe(
      'for `wgan` and `wasserstein`: after each update, weights of the discriminator are kept from −clip to clip (Arjovsky et al. 2017)',
    )
    .optional(),
  realLabel: z
    .number()
    .min(0.5)
    .max(1)
    .describe(
      'for losses with labels: that of real images in place of 1, usually 0.9 (Salimans et al. 2016)',
    )
    .optional(),
  ema: decay.describe("decay of the moving average of the generator's weights; 0 keeps none"),
  emaWarmup: z
    .boolean()
    .describe(
      'whether that decay starts lower: at step t it is (1 + t) / (10 + t) until that is more',
    )
    .optional(),
});

export type GanSettings = z.infer<typeof ganSettings>;

/** The step of two networks that fit each other, see `resolveGan`. */
export function ganRecipe(gan: Gan, settings: GanSettings, options: RecipeOptions): Recipe {
  const draft = createDraft(options.seed);
  const players: Players = {
    generator: createPlayer(draft, 'generator', gan.generator),
    discriminator: createPlayer(draft, 'discriminator', gan.discriminator),
    mixesBatch: gan.discriminator.mixesBatch,
    codes: gan.generator.codes,
  };
  const values = scheduledValues(draft, settings);
  for (const slot of ADAM_SLOTS) {
    declareSlots(draft, slot, 'generator', gan.generator);
    declareSlots(draft, slot, 'discriminator', gan.discriminator);
  }
  const ema = createAverage(draft, gan, settings);
  const feeds = declareFeeds(draft, gan, settings, options);
  const turns = feeds.discriminator.map((feed, turn) =>
    discriminatorTurn(draft, players, { ...settings, ...values }, feed, `discriminator.${turn}`),
  );
  const gLoss = generatorTurn(draft, players, { ...settings, ...values }, feeds.generator);
  ema.update();
  return draft.finish({
    metrics: { gLoss, ...turns.at(-1) },
    sampler: samplerOf(draft, gan, settings.ema > 0),
  });
}

interface Players {
  generator: Player;
  discriminator: Player;
  mixesBatch: boolean;
  /** Of the generator's z. */
  codes: readonly Code[];
}

/** Settings that may change from step to step, as values of the graph. */
interface ScheduledValues {
  /** Of penalties, by name. */
  weights: Readonly<Record<string, Value>>;
  /** See `CriticOptions`. */
  probability: Value | undefined;
}

type TurnSettings = GanSettings & ScheduledValues;

function scheduledValues(
  draft: Draft,
  { penalties, augment, augmentProbability: probability }: GanSettings,
): ScheduledValues {
  const weights = Object.entries(penalties).map(([name, weight]) => {
    return [name, draft.scheduled(`penalties.${name}`, weight)] as const;
  });
  const always = probability === undefined || augment.length === 0;
  return {
    weights: Object.fromEntries(weights),
    probability: always ? undefined : draft.scheduled('augmentProbability', probability),
  };
}

/** Updates the discriminator. Gives what is worth watching: its loss, and how it judges on average. */
function discriminatorTurn(
  draft: Draft,
  { generator, discriminator, mixesBatch, codes }: Players,
  {
    loss,
    weights: penalties,
    augment,
    probability,
    adam,
    clip,
    gradientNorm,
    realLabel,
  }: TurnSettings,
  { z, bytes, label, rates }: TurnFeeds,
  where: string,
): Record<string, Value> {
  const criterion: Loss = LOSSES[loss];
  const real = bytesToNumbers(bytes);
  const drawn = generator.pass(`${where}.fake`, { z, label }, generator.weights());
  const fake = op.stopGradient(drawn.output);
  const weights = discriminator.weights();
  const judge = { draft, discriminator, weights, augment, probability, label, where };
  const critic = createCritic(judge);
  const outputsOn = (images: Value) => critic(images).output;
  const terms = Object.entries(penalties).map(([name, weight]) => {
    const random: Random = (of, ...rest) => draft.random(`${where}.${name}.${of}`, ...rest);
    const penalty: Penalty = PENALTIES[name as PenaltyName];
    return op.Mul(penalty({ critic: outputsOn, real, fake, random }), weight);
  });
  const apart = mixesBatch || terms.length > 0;
  const [onReal, onFake] = apart ? [critic(real), critic(fake)] : judgeTogether(critic, real, fake);
  const dLoss = criterion.discriminator(onReal.output, onFake.output, realLabel);
  const classes = [onReal, onFake].flatMap((judged) => classLoss(judged, label));
  const told = codeLoss(onFake, z, codes);
  const objective = [dLoss, ...terms, ...classes, ...told].reduce(op.Add);
  discriminator.minimise(objective, weights, rates, adam, { clip, gradientNorm });
  const average = (outputs: Value) => op.mean(criterion.logits ? op.Sigmoid(outputs) : outputs);
  const penalty = terms.length > 0 ? { penalty: terms.reduce(op.Add) } : {};
  const [classLossReal] = classes;
  return {
    ...{ dLoss, dReal: average(onReal.output), dFake: average(onFake.output), ...penalty },
    ...(classLossReal && { classLoss: classLossReal }),
    ...(told[0] && { codeLoss: told[0] }),
  };
}

/** Updates the generator against the discriminator as it now is. Gives its loss. */
function generatorTurn(
  draft: Draft,
  { generator, discriminator, codes }: Players,
  { loss, augment, probability, adam, gradientNorm }: TurnSettings,
  { z, bytes, label, rates }: TurnFeeds,
): Value {
  const where = 'generator';
  const criterion: Loss = LOSSES[loss];
  const weights = generator.weights();
  const { output: drawn } = generator.pass(`${where}.fake`, { z, label }, weights);
  const judge = {
    ...{ draft, discriminator, weights: discriminator.weights() },
    ...{ augment, probability, label, where },
  };
  const critic = createCritic(judge);
  const judged = critic(drawn);
  const gLoss = criterion.generator(judged.output, () => critic(bytesToNumbers(bytes)).output);
  const told = [...classLoss(judged, label), ...codeLoss(judged, z, codes)];
  const objective = [gLoss, ...told].reduce(op.Add);
  generator.minimise(objective, weights, rates, adam, { gradientNorm });
  return gLoss;
}

/** That the classes of images are told from them, of a discriminator with an output for it (ACGAN, Odena et al. 2017). */
function classLoss(judged: Judgement, label: Value | undefined): Value[] {
  const logits = judged[CLASSES];
  return logits && label ? [crossEntropy(logits, label)] : [];
}

/** Draws from the state as it is before a step. */
function samplerOf(draft: Draft, { generator }: Gan, ema: boolean): Recipe['sampler'] {
  const weights = generator.parameters.map(({ name, trained }) => {
    return [name, draft.initial(drawnWeight(name, trained, ema))] as const;
  });
  const { inputs, image } = inferenceGraph(generator, Object.fromEntries(weights));
  return { z: inputs[0]!, label: inputs[1], image };
}
