import type { Gan, Layer } from './presets.ts';

/**
 * Floating-point operations of one training step, the D update and the G update, counted as two per
 * multiply-add of the dense and convolution layers; biases, activations, batch normalisation,
 * pooling, the loss and Adam are left out. A pass back costs a layer one forward pass for its weight
 * gradient and one for its input gradient.
 *
 *   D update: G forward; D forward and back on the real batch and on the fake one.
 *   G update: G forward and back; D forward, and back to its input only, being frozen.
 *
 * A network's first layer needs no input gradient, except D's in the G update.
 */
export function stepFlops({ generator, discriminator }: Gan, batch: number): number {
  const g = generator.map(forwardFlops);
  const d = discriminator.map(forwardFlops);
  const train = (layers: readonly number[]) => 3 * sum(layers) - (layers.find(Boolean) ?? 0);
  const dUpdate = sum(g) + 2 * train(d);
  const gUpdate = train(g) + 2 * sum(d);
  return batch * (dUpdate + gUpdate);
}

/** Operations of one sample's forward pass. */
function forwardFlops(layer: Layer): number {
  if (layer.type === 'dense') return 2 * layer.from * layer.to;
  if (layer.type !== 'conv') return 0;
  const { from, to, kernel, stride, pad, size } = layer;
  const outputs = Math.floor((size + 2 * pad - kernel) / stride + 1) ** 2;
  return 2 * kernel ** 2 * from * to * outputs;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
