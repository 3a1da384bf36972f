/** A projection discriminator (Miyato & Koyama 2018) made of layers: its logit, computed by hand. */
import { expect, test } from 'vitest';
import { resolveNetwork } from '../src/network.ts';
import { runNetwork } from './run-network.ts';

test("an image's logit is f(h) and the product of h with its class", async () => {
  const network = resolveNetwork(
    {
      inputs: { h: [2], label: { classes: 3 } },
      layers: [
        { type: 'dense', units: 1, name: 'f', from: 'h' },
        { type: 'embedding', units: 2, name: 'class', from: 'label', gain: 0.1 },
        { type: 'dot', name: 'fit', from: ['class', 'h'] },
        { type: 'add', from: ['f', 'fit'] },
      ],
    },
    'projection',
  );
  const { init } = network.parameters.find(({ name }) => name === 'class.weight')!;
  expect(init).toEqual({ type: 'normal', deviation: 0.1 });
  const inputs = {
    h: { shape: [3, 2], data: [1, 2, 1, 2, -3, 0.5] },
    label: { shape: [3], data: [0, 2, 1] },
  };
  const weights = {
    'f.weight': { shape: [1, 2], data: [0.5, -1] },
    'f.bias': { shape: [1], data: [0.25] },
    'class.weight': { shape: [3, 2], data: [1, 0, 4, 2, -1, 3] },
  };
  const { output } = await runNetwork(network, inputs, weights, { training: false });
  // h = (1, 2): f is 0.5 − 2 + 0.25 = −1.25; class 0 adds 1 · 1 + 0 · 2, class 2 adds −1 · 1 + 3 · 2.
  // h = (−3, 0.5): f is −1.5 − 0.5 + 0.25 = −1.75; class 1 adds 4 · −3 + 2 · 0.5.
  expect([...(output!.data as Float32Array)]).toEqual([-0.25, 3.75, -12.75]);
});
