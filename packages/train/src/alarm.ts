/** Says in words when training goes wrong without an error: a network that has won, fled or collapsed. */
import type { TrainConfig } from './config.ts';
import type { Metrics } from './engine.ts';
import type { Look } from './evaluate/evaluation.ts';
import { LOSSES, type Loss } from './recipe/losses.ts';

/** Steps one after another that a loss must be out of bounds: healthy ones cross them for a moment. */
const LASTING = 50;
/**
 * Of the discriminator's loss, or of the chance it gives generated images. Healthy runs were at 0.02 at the least, those it
 * had won at 0.005 and less (docs/decisions.md).
 */
const WON_BELOW = 0.01;
/** Of the real images' label, which what it gives them is then above. */
const REAL_ABOVE = 0.9;
/** Of a generator whose loss is from logits: e^−50 is its chance to pass as real. Healthy runs were at 7 at the most. */
const FLED_ABOVE = 50;
/** Of the data's variety: mlp's first pictures, which become digits, have 0.03; most of collapsed runs less than 0.02. */
const COLLAPSED_BELOW = 0.025;
const RECOVERED_ABOVE = 0.05;
/** Mean difference of a picture's numbers, in −1…1, to one taken at least LASTING steps before. */
const STILL_BELOW = 1e-4;

export interface Alarm {
  /** Told of each step. */
  step(step: number, metrics: Metrics): void;
  /** Told of pictures now and then. */
  look(step: number, seen: Pick<Look, 'images' | 'variety'>): void;
  /** What is wrong at the moment. */
  standing(): string[];
}

/** @param tell is told once in one line what has gone wrong, and again if it does so anew */
export function createAlarm(
  {
    loss,
    adam,
    discriminatorSteps,
    realLabel = 1,
  }: Pick<TrainConfig, 'loss' | 'adam' | 'discriminatorSteps' | 'realLabel'>,
  tell: (line: string) => void,
): Alarm {
  const rate = `a lower learning rate, now ${adam.learningRate}`;
  const turns =
    discriminatorSteps > 1 ? `, or fewer discriminator steps, now ${discriminatorSteps}` : '';
  const wrong = new Map<string, string>();
  const say = (kind: string, line: string) => {
    if (!wrong.has(kind)) tell(line);
    wrong.set(kind, line);
  };
  const criterion: Loss = LOSSES[loss];
  const [what, toVictory] = victoryOf(criterion, realLabel);
  const [won, fled] = [counter(), counter()];
  let before: { step: number; images: Float32Array } | undefined;
  return {
    step(step, metrics) {
      const left = toVictory(metrics);
      if (won(left < WON_BELOW)) {
        say(
          'won',
          `step ${step}: the discriminator tells all images apart (${what} has been below ${WON_BELOW} for ${LASTING} steps), ` +
            `so the generator learns nothing; try ${rate}${turns}`,
        );
      } else if (left > 2 * WON_BELOW) wrong.delete('won');
      const { gLoss = Number.NaN } = metrics;
      if (fled(criterion.logits && gLoss > FLED_ABOVE)) {
        say(
          'fled',
          `step ${step}: the generator is lost (its loss has been above ${FLED_ABOVE} for ${LASTING} steps); try ${rate}`,
        );
      } else if (gLoss < FLED_ABOVE / 2) wrong.delete('fled');
    },
    look(step, { images, variety }) {
      if (step < LASTING) return;
      if (variety < COLLAPSED_BELOW) {
        say(
          'collapsed',
          `step ${step}: all pictures are nearly the same one (variety ${variety.toFixed(3)} of the data's): ` +
            `the generator has collapsed; try ${rate}, another --seed, or another --loss`,
        );
      } else if (variety > RECOVERED_ABOVE) wrong.delete('collapsed');
      if (before && step - before.step < LASTING) return;
      if (before && meanDifference(images, before.images) < STILL_BELOW) {
        say(
          'still',
          `step ${step}: the pictures have not changed since step ${before.step}: the generator is dead; try ${rate}`,
        );
      } else wrong.delete('still');
      before = { step, images };
    },
    standing: () => [...wrong.values()],
  };
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

/** Whether something has been so for LASTING steps one after another. */
function counter(): (so: boolean) => boolean {
  let times = 0;
  return (so) => {
    times = so ? times + 1 : 0;
    return times >= LASTING;
  };
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}
