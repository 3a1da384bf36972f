/** What layers that mix a batch ask of it. */
import { ModelError, type Network } from '@ganport/model';

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
