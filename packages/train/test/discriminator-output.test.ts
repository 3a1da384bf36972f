/** Case 10 of the field: a discriminator that ends in a sigmoid under a loss of logits. */
import { resolveNetwork } from '@ganport/model';
import { expect, test } from 'vitest';
import { expectUnboundedOutput } from '../src/discriminator-output.ts';
import { LOSSES, type LossName } from '../src/recipe/losses.ts';

const ending = (...layers: object[]) =>
  resolveNetwork(
    {
      inputs: { image: [1, 2, 2] },
      layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }, ...layers],
    },
    'discriminator',
  );

const names = Object.keys(LOSSES) as LossName[];

test.each(names)('%s takes a number that is any', (loss) => {
  expectUnboundedOutput(ending(), loss);
  expectUnboundedOutput(ending({ type: 'leakyRelu', slope: 0.2 }), loss);
  // Within the network a sigmoid is as good as any.
  expectUnboundedOutput(ending({ type: 'sigmoid' }, { type: 'dense', units: 1 }), loss);
});

test.each(names.filter((name) => name !== 'lsgan'))('%s takes no probability', (loss) => {
  expect(() => expectUnboundedOutput(ending({ type: 'sigmoid', name: 'p' }), loss)).toThrow(
    /^discriminator: its last layer, "p" \(sigmoid\), gives 0 to 1, but the loss "\w+" takes .*: leave that layer out$/,
  );
});

test.each([
  ['tanh', '−1 to 1'],
  ['relu', '0 or more'],
])('nor what is bounded otherwise: %s', (type, range) => {
  const network = ending({ type }, { type: 'reshape', shape: [1] }, { type: 'flatten' });
  expect(() => expectUnboundedOutput(network, 'bce')).toThrow(
    `"2" (${type}), gives ${range}, but the loss "bce" takes logits, and has the sigmoid in itself`,
  );
});

test('least squares with labels 1 and 0 may have one', () => {
  expectUnboundedOutput(ending({ type: 'sigmoid' }), 'lsgan');
});
