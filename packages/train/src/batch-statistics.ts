/** What layers that mix a batch ask of it. */
import { ModelError, type Network } from '@ganport/model';
import type { Penalties } from './recipe/penalties.ts';
import { largest } from './recipe/schedules.ts';

/**
 * Batch normalisation: a batch's unbiased variance is over one value fewer than there are, so it is 0/0 for a single one.
 * minibatchStd: a batch is whole groups. Every step has a whole batch: batches run on from one epoch into the next.
 * @param networks by their names in errors
 * @throws ModelError if a batch leaves a layer one value per channel, or a group that is not whole
 */
export function expectBatchStatistics(
  networks: Readonly<Record<string, Network>>,
  batch: number,
): void {
  for (const [network, { layers }] of Object.entries(networks)) {
    for (const [index, { type, name, shape, options }] of layers.entries()) {
      const where = `${network}, layer ${index} "${name}" (${type})`;
      if (type === 'minibatchStd') expectGroups(where, batch, (options as { group: number }).group);
      const [, height = 1, width = 1] = shape;
      if (type !== 'batchNorm' || batch * height * width > 1) continue;
      throw new ModelError(
        `${where}: a batch of ${batch} leaves it one value per channel of [${shape}], which has no variance: use --batch 2 or more`,
      );
    }
  }
}

function expectGroups(where: string, batch: number, group: number): void {
  const size = Math.min(group, batch);
  if (batch % size === 0) return;
  const fewer = batch - (batch % size);
  throw new ModelError(
    `${where}: a batch of ${batch} is no whole number of groups of ${size}: use --batch ${fewer} or ${fewer + size}`,
  );
}

/** Penalties on the slope at each image. */
const OF_EACH_IMAGE = ['gradient', 'r1', 'r2'] as const;

/**
 * A penalty on the slope at each image has no meaning where an output follows from the whole batch
 * (Gulrajani et al. 2017, section 4).
 * @throws ModelError that names the layer
 */
export function expectNoBatchUnderPenalty(discriminator: Network, penalties: Penalties): void {
  const penalty = OF_EACH_IMAGE.find((name) => largest(penalties[name] ?? 0) > 0);
  // minibatchStd only adds what a batch has in common, and is trained with R1 (Karras et al. 2020).
  const layer = discriminator.layers.find(({ type }) => type === 'batchNorm');
  if (!penalty || !layer) return;
  throw new ModelError(
    `discriminator: its layer "${layer.name}" (${layer.type}) mixes the images of a batch, but the penalty "${penalty}" is on the slope at each image: leave that layer out, or the penalty`,
  );
}
