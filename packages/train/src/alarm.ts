/** Says in words when training goes wrong without an error, and what to change. `pnpm bench alarm` measures how well. */
import type { TrainConfig } from './config.ts';
import type { Metrics } from './engine.ts';
import type { Kinds, Look } from './evaluate/evaluation.ts';
import type { GradientSize } from './generator-gradient.ts';
import { LOSSES, type Loss } from './recipe/losses.ts';

/** Steps that are judged together, and of how many metrics must be out of bounds: they cross them for a moment in healthy runs too. */
const TOGETHER = 50;
const MOST = 38;
/**
 * Of the discriminator's loss, or of the chance it gives generated images. Healthy runs were at 0.02 at the least, those it
 * had won at 0.005 and less (docs/decisions.md).
 */
const WON_BELOW = 0.01;
/** Of the real images' label, which what it gives them is then above. */
const REAL_ABOVE = 0.9;
/** Of a generator whose loss is from logits: e^−50 is its chance to pass as real. Healthy runs were at 7 at the most. */
const FLED_ABOVE = 50;
/** Of the data's variety: mlp's first pictures, which become digits, have 0.016 to 0.06; collapsed runs end below 0.01. */
const COLLAPSED_BELOW = 0.0125;
const RECOVERED_ABOVE = 0.025;
/** The same for so many steps: mlp's first pictures are below it for 3,500 and more, those of other healthy runs never. */
const ALIKE = { below: 0.1, above: 0.15 };
/** Of pictures of classes, which are most like others of their own: where z was lost 0.08 to 0.15, in healthy runs 0.33 at least. */
const ALIKE_IN_CLASS = { below: 0.2, above: 0.3 };
const ALIKE_STEPS = 1000;
/** What a run's pictures must have had of the data's variety: mlp's first noise had 0.2. */
const VARIED_ABOVE = 0.3;
/** Of the largest variety; and once they have more than that, they are narrow no more. */
const NARROW_BELOW = 0.25;
const WIDE_ABOVE = 0.35;
/** Of the most kinds, once those were half of the data's: noise is of a few. */
const FEW_BELOW = 0.5;
const MANY_ABOVE = 0.6;
/** Of the largest gradient that the generator had. */
const VANISHED_BELOW = 1e-3;
/** Mean difference of a picture's numbers, in −1…1, to one taken at least TOGETHER steps before. */
const STILL_BELOW = 1e-4;

/** What is seen of pictures now and then. */
export interface Sight extends Pick<Look, 'images' | 'variety'> {
  /** Of the generator; at checkpoints. */
  gradient?: GradientSize;
  /** At checkpoints where a classifier knows the data. */
  kinds?: Kinds;
}

export interface AlarmSettings
  extends Pick<
    TrainConfig,
    'loss' | 'adam' | 'discriminatorSteps' | 'discriminatorRate' | 'realLabel'
  > {
  /** Whether the generator is asked for a class. */
  classes: boolean;
}

export interface Alarm {
  /** Told of each step. */
  step(step: number, metrics: Metrics): void;
  look(step: number, sight: Sight): void;
  /** What is wrong at the moment. */
  standing(): string[];
}

/** @param tell is told once in one line what has gone wrong, and again if it does so anew */
export function createAlarm(
  { loss, adam, discriminatorSteps, discriminatorRate = 1, realLabel = 1, classes }: AlarmSettings,
  tell: (line: string) => void,
): Alarm {
  const rate = `a lower learning rate, now ${adam.learningRate}`;
  const faster =
    discriminatorRate > 1 ? `, or a lower discriminatorRate, now ${discriminatorRate}` : '';
  const turns =
    discriminatorSteps > 1 ? `, or fewer discriminator steps, now ${discriminatorSteps}` : '';
  const wrong = new Map<string, string>();
  /** @param is undefined where it is neither: what was wrong stays so */
  const note = (kind: string, is: boolean | undefined, line: () => string) => {
    if (is === false) wrong.delete(kind);
    if (!is) return;
    const said = line();
    if (!wrong.has(kind)) tell(said);
    wrong.set(kind, said);
  };
  const criterion: Loss = LOSSES[loss];
  const [what, toVictory] = victoryOf(criterion, realLabel);
  // A critic's outputs are near each other at first, and relativistic ones mean nothing alone.
  const comparable = !criterion.wasserstein && (!criterion.logits || criterion.labels === true);
  const alike = classes ? ALIKE_IN_CLASS : ALIKE;
  const [won, fled, fooled] = [lasting(), lasting(), lasting()];
  const largest = { variety: 0, gradient: 0, kinds: 0 };
  let alikeSince: number | undefined;
  let before: { step: number; images: Float32Array } | undefined;
  return {
    step(step, metrics) {
      const { gLoss = Number.NaN, dReal = Number.NaN, dFake = Number.NaN } = metrics;
      const over = `${MOST} of ${TOGETHER} steps`;
      note('won', won(toVictory(metrics) < WON_BELOW), () => {
        return (
          `step ${step}: the discriminator tells all images apart (${what} has been below ${WON_BELOW} in ${over}), ` +
          `so the generator learns nothing; try ${rate}${faster}${turns}`
        );
      });
      note('fled', fled(criterion.logits && gLoss > FLED_ABOVE), () => {
        return `step ${step}: the generator is lost (its loss has been above ${FLED_ABOVE} in ${over}); try ${rate}${faster}`;
      });
      note('fooled', fooled(comparable && dFake > dReal), () => {
        return (
          `step ${step}: the discriminator is fooled (it took generated images for more real than real ones in ${over}), ` +
          `so the generator learns nothing; try a higher discriminatorRate, now ${discriminatorRate}, or more discriminator steps, now ${discriminatorSteps}`
        );
      });
    },
    look(step, { images, variety, gradient, kinds }) {
      if (step < TOGETHER) return;
      const remedy = `try ${rate}, another --seed, or another --loss`;
      note('collapsed', bound(variety, COLLAPSED_BELOW, RECOVERED_ABOVE), () => {
        return (
          `step ${step}: all pictures are nearly the same one (variety ${variety.toFixed(3)} of the data's): ` +
          `the generator has collapsed; ${remedy}`
        );
      });
      alikeSince = variety < alike.below ? (alikeSince ?? step) : undefined;
      const stays = alikeSince !== undefined && step - alikeSince >= ALIKE_STEPS;
      const share = largest.variety > VARIED_ABOVE ? variety / largest.variety : 1;
      if (!wrong.has('collapsed')) {
        note('alike', bound(variety, stays ? alike.below : 0, alike.above), () => {
          const which = classes ? 'pictures of a class' : 'pictures';
          return (
            `step ${step}: ${which} have been nearly the same one since step ${alikeSince} (variety ${variety.toFixed(2)} of the data's); ` +
            (classes
              ? `whatever z, each class is drawn in one way; try fewer units for the class, or a higher learning rate, now ${adam.learningRate}`
              : `some networks begin so, but if it stays, ${remedy}`)
          );
        });
        note('narrowing', bound(share, NARROW_BELOW, WIDE_ABOVE), () => {
          return (
            `step ${step}: pictures become alike (variety ${variety.toFixed(2)} of the data's, once ${largest.variety.toFixed(2)}): ` +
            `the generator draws fewer kinds; ${remedy}`
          );
        });
      }
      largest.variety = Math.max(largest.variety, variety);
      if (kinds) {
        const { pictures, data } = kinds;
        const left = largest.kinds > data / 2 ? pictures / largest.kinds : 1;
        note('modes', bound(left, FEW_BELOW, MANY_ABOVE), () => {
          const [now, of, once] = [pictures, data, largest.kinds].map((n) => n.toFixed(1));
          return `step ${step}: pictures are of fewer classes (as many as ${now} of the data's ${of}, once ${once}): the generator loses modes; ${remedy}`;
        });
        largest.kinds = Math.max(largest.kinds, pictures);
      }
      if (gradient) {
        largest.gradient = Math.max(largest.gradient, gradient.before);
        const left = gradient.now / largest.gradient;
        note('vanished', bound(left, VANISHED_BELOW, 10 * VANISHED_BELOW), () => {
          const [now, once] = [gradient.now, largest.gradient].map((size) => size.toExponential(0));
          return (
            `step ${step}: the generator's gradient has vanished (${now}, once ${once}), so it learns nothing; ` +
            `try another --loss, now ${loss}${faster}${turns}`
          );
        });
      }
      if (before && step - before.step < TOGETHER) return;
      const still = before && meanDifference(images, before.images) < STILL_BELOW;
      note('still', still ?? false, () => {
        return `step ${step}: the pictures have not changed since step ${before!.step}: the generator is dead; try ${rate}`;
      });
      before = { step, images };
    },
    standing: () => [...wrong.values()],
  };
}

/** Whether a number is below a bound: no longer once it is above a higher one. */
function bound(value: number, below: number, above: number): boolean | undefined {
  return value < below ? true : value > above ? false : undefined;
}

/**
 * What is near 0 once the discriminator tells all images apart, and its name. Smoothed labels keep the loss away
 * from 0, so where outputs are chances that an image is real, these are asked. A critic's loss ends at no number.
 */
function victoryOf(
  { logits, labels, wasserstein }: Loss,
  realLabel: number,
): [what: string, toVictory: (metrics: Metrics) => number] {
  if (wasserstein) return ['its loss', () => Number.POSITIVE_INFINITY];
  if (!logits || !labels) return ['its loss', ({ dLoss = Number.NaN }) => dLoss];
  return [
    'D(fake)',
    ({ dReal = Number.NaN, dFake = Number.NaN }) => (dReal > REAL_ABOVE * realLabel ? dFake : 1),
  ];
}

/** Whether something has been so in most of the last steps: no longer once it has not in half of them. */
function lasting(): (so: boolean) => boolean | undefined {
  const last: boolean[] = [];
  let times = 0;
  return (so) => {
    times += Number(so) - Number(last.length === TOGETHER && last.shift());
    last.push(so);
    if (times <= TOGETHER / 2) return false;
    return times >= MOST && last.length === TOGETHER ? true : undefined;
  };
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}
