/** What each step of the adversarial recipe is given, as functions of the seed and the step. */
import { latentBatch, STREAM } from '@ganport/model';
import { ops as op, type Value } from '@ganport/onnx';
import { batchOrder } from '../data/batches.ts';
import { flipSome } from '../data/flip.ts';
import { type Gan, takesLabels } from '../gan.ts';
import { adamRates, countAdamRates } from './adam.ts';
import type { Draft } from './draft.ts';
import type { GanSettings } from './gan.ts';
import { rateFactor } from './schedules.ts';

/** Images to learn from. */
export interface TrainingImages {
  count: number;
  /** Bytes [N, H, W, C] of the images at these indices. */
  read(indices: Uint32Array): Uint8Array | Promise<Uint8Array>;
  /** The class of each, for networks that take a label. */
  labels?: ArrayLike<number> | undefined;
}

export interface RecipeOptions {
  /** Images of one update. */
  batch: number;
  seed: number;
  /** Whether half of the images are mirrored, left to right; none unless given. */
  flip?: boolean;
  images: TrainingImages;
}

/** Of one update. */
export interface TurnFeeds {
  /** Latents [N, latent] to draw from. */
  z: Value;
  /** Images of the data, [N, H, W, C] in 0…255. */
  bytes: Value;
  /** Their classes, int64 [N], which generated images are drawn of too; undefined where no network takes any. */
  label: Value | undefined;
  /** See `adamRates`. */
  rates: Value;
}

export interface GanFeeds {
  /** In the order of its updates. */
  discriminator: TurnFeeds[];
  /** Its images are those of the discriminator's last update. */
  generator: TurnFeeds;
}

export function declareFeeds(
  draft: Draft,
  { generator, discriminator }: Gan,
  { discriminatorSteps: turns, adam, discriminatorRate = 1, schedule }: GanSettings,
  { batch, seed, flip = false, images }: RecipeOptions,
): GanFeeds {
  const [channels, height, width] = discriminator.inputs.image as [number, number, number];
  const latent = generator.inputs.z![0]!;
  // Of a step's latents, the discriminator's updates take the first ones and the generator's the last.
  const latents = (step: number, first: number, count: number) =>
    latentBatch(seed, (step - 1) * (turns + 1) * batch + first, count, latent, {
      stream: STREAM.training,
    });
  const order = batchOrder(seed, turns * batch, images.count);
  const ratesOf = (step: number, updates: number, times = 1) => {
    const rate = adam.learningRate * rateFactor(schedule, step) * times;
    const first = (step - 1) * updates + 1;
    const each = Array.from({ length: updates }, (_, i) => adamRates(first + i, rate, adam, step));
    return Float32Array.from(each.flat());
  };

  const bytes = draft.feed(
    'images',
    'uint8',
    [turns * batch, height, width, channels],
    async (step) => {
      const read = await images.read(order(step - 1));
      return flip ? flipSome(read, turns * batch, { seed, step, width, channels }) : read;
    },
  );
  const labels = takesLabels({ generator, discriminator })
    ? draft.feed('labels', 'int64', [turns * batch], (step) =>
        BigInt64Array.from(order(step - 1), (index) => BigInt(images.labels![index]!)),
      )
    : undefined;
  const dLatents = draft.feed('discriminator.z', 'float32', [turns * batch, latent], (step) =>
    latents(step, 0, turns * batch),
  );
  const z = draft.feed('generator.z', 'float32', [batch, latent], (step) =>
    latents(step, turns * batch, batch),
  );
  const count = countAdamRates(adam);
  const dRates = draft.feed('discriminator.rates', 'float32', [turns * count], (step) =>
    ratesOf(step, turns, discriminatorRate),
  );
  const rates = draft.feed('generator.rates', 'float32', [count], (step) => ratesOf(step, 1));

  const [byTurn, zs, allRates] = [bytes, dLatents, dRates].map((value) => parts(value, turns));
  const labelsByTurn = labels && parts(labels, turns);
  const updates = Array.from({ length: turns }, (_, i) => {
    return { bytes: byTurn![i]!, label: labelsByTurn?.[i], z: zs![i]!, rates: allRates![i]! };
  });
  const { bytes: last, label } = updates.at(-1)!;
  return { discriminator: updates, generator: { bytes: last, label, z, rates } };
}

/** Equal parts along the first axis. */
function parts(value: Value, count: number): readonly Value[] {
  if (count === 1) return [value];
  const size = (value.shape[0] as number) / count;
  return op.Split(
    value,
    Array.from({ length: count }, () => size),
    0,
  );
}
