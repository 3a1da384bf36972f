/** What a discriminator may end in. */
import { type LayerType, ModelError, type Network, quote } from '@ganport/model';
import { LOSSES, type Loss, type LossName } from './recipe/losses.ts';

/** Layers whose outputs are not any number. */
const RANGES: Partial<Record<LayerType, string>> = {
  sigmoid: '0 to 1',
  tanh: '−1 to 1',
  relu: '0 or more',
};

/** Layers that leave numbers as they are. */
const CARRY: readonly LayerType[] = ['flatten', 'reshape'];

/**
 * A loss of logits, or of a critic, has its least where outputs are far from 0 on both sides: a
 * discriminator that ends in a sigmoid, as those for losses of probabilities do, would hardly learn.
 * @throws ModelError that names the layer to leave out
 */
export function expectUnboundedOutput(discriminator: Network, name: LossName): void {
  const loss: Loss = LOSSES[name];
  if (loss.bounded) return;
  const layers = new Map(discriminator.layers.map((layer) => [layer.name, layer]));
  let last = layers.get(discriminator.outputs.output.layer);
  while (last && CARRY.includes(last.type)) last = layers.get(last.from[0]!);
  const range = last && RANGES[last.type];
  if (!range) return;
  const why = loss.logits ? 'takes logits, and has the sigmoid in itself' : 'takes any number';
  throw new ModelError(
    `discriminator: its last layer, ${quote(last!.name)} (${last!.type}), gives ${range}, but the loss ${quote(name)} ${why}: leave that layer out`,
  );
}
