/** What batch normalisation asks of a batch. */
import { ModelError, type Network } from '@ganport/model';

/**
 * A batch's unbiased variance is over one value fewer than there are, so it is 0/0 for a single one.
 * Every step has a whole batch: batches run on from one epoch into the next.
 * @param networks by their names in errors
 * @throws ModelError if a batch leaves a layer one value per channel
 */
export function expectBatchStatistics(
  networks: Readonly<Record<string, Network>>,
  batch: number,
): void {
  for (const [network, { layers }] of Object.entries(networks)) {
    for (const [index, { type, name, shape }] of layers.entries()) {
      const [, height = 1, width = 1] = shape;
      if (type !== 'batchNorm' || batch * height * width > 1) continue;
      throw new ModelError(
        `${network}, layer ${index} "${name}" (${type}): a batch of ${batch} leaves it one value per channel of [${shape}], which has no variance: use --batch 2 or more`,
      );
    }
  }
}
