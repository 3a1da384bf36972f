/**
 * The adversarial recipe: the discriminator's updates on real and on generated images, then the
 * generator's against the updated discriminator, each on noise of its own.
 */
import { bytesToNumbers, drawnWeight, inferenceGraph } from '@ganport/model';
import { ops as op, scalar, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { CLASSES, type Gan } from '../gan.ts';
import { ADAM_SLOTS } from './adam.ts';
import { AUGMENTATIONS, type AugmentationName } from './augmentations.ts';
import { createCritic, type Judgement, judgeTogether } from './critic.ts';
import { crossEntropy } from './cross-entropy.ts';
import { createDraft, type Draft, type Random } from './draft.ts';
import { declareFeeds, type RecipeOptions, type TurnFeeds } from './gan-feeds.ts';
import { LOSSES, type Loss, type LossName } from './losses.ts';
import { PENALTIES, type Penalty, type PenaltyName } from './penalties.ts';
import { createPlayer, declareSlots, type Player } from './player.ts';
import type { Recipe } from './recipe.ts';
import { scheduleSchema } from './schedules.ts';

const names = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as [T];

/** A share of what was before. Float32's next number to 1 is 1 − 6e-8: nearer, and nothing new would count. */
const decay = z.number().min(0).max(0.999999);

/** What a configuration says of this recipe. */
export const ganSettings = z.strictObject({
  loss: z.enum(names<LossName>(LOSSES)),
  /** What is added to the discriminator's loss, by name, and times what: published ones are 0.01 to 100. */
  penalties: z.partialRecord(z.enum(names<PenaltyName>(PENALTIES)), z.number().min(0).max(1e6)),
  /** What the discriminator sees images through, in order. */
  augment: z.array(z.enum(names<AugmentationName>(AUGMENTATIONS))),
  /** Updates of the discriminator in each step, every one on a batch of its own. */
  discriminatorSteps: z.int().min(1).max(100),
  adam: z.strictObject({
    /** An update moves each weight by about as much: a larger one leaves nothing of what was learnt. */
    learningRate: z.number().min(1e-12).max(10),
    beta1: decay,
    beta2: decay,
    /** Smaller ones are lost in float32, where the root of the smallest square is 1e-19. */
    epsilon: z.number().min(1e-16).max(1),
  }),
  /** Of the learning rate. */
  schedule: scheduleSchema,
  /** Decay of the moving average of the generator's weights; 0 keeps none. */
  ema: decay,
});

export type GanSettings = z.infer<typeof ganSettings>;

/** The step of two networks that fit each other, see `resolveGan`. */
export function ganRecipe(gan: Gan, settings: GanSettings, options: RecipeOptions): Recipe {
  const draft = createDraft(options.seed);
  const players: Players = {
    generator: createPlayer(draft, 'generator', gan.generator),
    discriminator: createPlayer(draft, 'discriminator', gan.discriminator),
    mixesBatch: gan.discriminator.mixesBatch,
  };
  for (const slot of ADAM_SLOTS) {
    declareSlots(draft, slot, 'generator', gan.generator);
    declareSlots(draft, slot, 'discriminator', gan.discriminator);
  }
  const ema = createAverage(draft, gan, settings.ema);
  const feeds = declareFeeds(draft, gan, settings, options);
  const turns = feeds.discriminator.map((feed, turn) =>
    discriminatorTurn(draft, players, settings, feed, `discriminator.${turn}`),
  );
  const gLoss = generatorTurn(draft, players, settings, feeds.generator);
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
}

/** Updates the discriminator. Gives what is worth watching: its loss, and how it judges on average. */
function discriminatorTurn(
  draft: Draft,
  { generator, discriminator, mixesBatch }: Players,
  { loss, penalties, augment, adam }: GanSettings,
  { z, bytes, label, rates }: TurnFeeds,
  where: string,
): Record<string, Value> {
  const criterion: Loss = LOSSES[loss];
  const real = bytesToNumbers(bytes);
  const drawn = generator.pass(`${where}.fake`, { z, label }, generator.weights());
  const fake = op.stopGradient(drawn.output);
  const weights = discriminator.weights();
  const critic = createCritic({ draft, discriminator, weights, augment, label, where });
  const outputsOn = (images: Value) => critic(images).output;
  const terms = Object.entries(penalties).map(([name, weight]) => {
    const random: Random = (of, ...rest) => draft.random(`${where}.${name}.${of}`, ...rest);
    const penalty: Penalty = PENALTIES[name as PenaltyName];
    return op.Mul(penalty({ critic: outputsOn, real, fake, random }), scalar(weight));
  });
  const apart = mixesBatch || terms.length > 0;
  const [onReal, onFake] = apart ? [critic(real), critic(fake)] : judgeTogether(critic, real, fake);
  const dLoss = criterion.discriminator(onReal.output, onFake.output);
  const classes = [onReal, onFake].flatMap((judged) => classLoss(judged, label));
  discriminator.minimise([dLoss, ...terms, ...classes].reduce(op.Add), weights, rates, adam);
  const average = (outputs: Value) => op.mean(criterion.logits ? op.Sigmoid(outputs) : outputs);
  const penalty = terms.length > 0 ? { penalty: terms.reduce(op.Add) } : {};
  const [classLossReal] = classes;
  return {
    ...{ dLoss, dReal: average(onReal.output), dFake: average(onFake.output), ...penalty },
    ...(classLossReal && { classLoss: classLossReal }),
  };
}

/** Updates the generator against the discriminator as it now is. Gives its loss. */
function generatorTurn(
  draft: Draft,
  { generator, discriminator }: Players,
  { loss, augment, adam }: GanSettings,
  { z, bytes, label, rates }: TurnFeeds,
): Value {
  const where = 'generator';
  const criterion: Loss = LOSSES[loss];
  const weights = generator.weights();
  const { output: drawn } = generator.pass(`${where}.fake`, { z, label }, weights);
  const judge = { draft, discriminator, weights: discriminator.weights(), augment, label, where };
  const critic = createCritic(judge);
  const judged = critic(drawn);
  const gLoss = criterion.generator(judged.output, () => critic(bytesToNumbers(bytes)).output);
  generator.minimise([gLoss, ...classLoss(judged, label)].reduce(op.Add), weights, rates, adam);
  return gLoss;
}

/** That the classes of images are told from them, of a discriminator with an output for it (ACGAN, Odena et al. 2017). */
function classLoss(judged: Judgement, label: Value | undefined): Value[] {
  const logits = judged[CLASSES];
  return logits && label ? [crossEntropy(logits, label)] : [];
}

/** The moving average of the generator's trained weights, where one is kept. */
function createAverage(draft: Draft, { generator }: Gan, decay: number): { update(): void } {
  const trained = decay > 0 ? generator.parameters.filter((p) => p.trained) : [];
  const names = trained.map(({ name }) => `generator.${name}`);
  trained.forEach(({ shape }, i) => {
    draft.declare(`ema.${names[i]}`, shape, { type: 'copy', of: names[i]! });
  });
  return {
    update() {
      for (const name of names) {
        draft.set(`ema.${name}`, op.blend(draft.get(`ema.${name}`), draft.get(name), decay));
      }
    },
  };
}

/** Draws from the state as it is before a step. */
function samplerOf(draft: Draft, { generator }: Gan, ema: boolean): Recipe['sampler'] {
  const weights = generator.parameters.map(({ name, trained }) => {
    return [name, draft.initial(drawnWeight(name, trained, ema))] as const;
  });
  const { inputs, image } = inferenceGraph(generator, Object.fromEntries(weights));
  return { z: inputs[0]!, label: inputs[1], image };
}
