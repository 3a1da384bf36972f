import { ModelError } from '@ganport/model';
import { describe, expect, test } from 'vitest';
import { expectNoBatchUnderPenalty } from '../src/batch-statistics.ts';
import { resolveConfig, resolveGan } from '../src/index.ts';
import { CRITIC, ganOf } from './small-gan.ts';

const DATA = { name: 'squares', channels: 1, height: 4, width: 4 } as const;
const picture = [{ type: 'dense', units: 16 }, { type: 'tanh' }, reshape(1, 4, 4)];
const logit = [{ type: 'flatten' }, { type: 'dense', units: 1 }];
/** Leaves one pixel of an image. */
const shrink = { type: 'conv2d', filters: 3, kernel: 4 };
const batchNorm = { type: 'batchNorm' };

function reshape(...shape: number[]) {
  return { type: 'reshape', shape };
}

function resolve(batch: number, generator: object[], discriminator: object[]) {
  const settings = {
    batch,
    generator: { inputs: { z: [8] }, layers: generator },
    discriminator: { inputs: { image: [1, 4, 4] }, layers: discriminator },
  };
  return resolveGan(resolveConfig([['the test', settings]]), DATA);
}

const after = (layer: string, shape: string) =>
  `${layer} (batchNorm): a batch of 1 leaves it one value per channel of [${shape}], which has no variance: use --batch 2 or more`;

describe('one value per channel, which has no variance, is refused', () => {
  test.each<[string, object[], object[], string]>([
    [
      'after a dense layer',
      [{ type: 'dense', units: 16 }, batchNorm, ...picture],
      logit,
      after('generator, layer 1 "1"', '16'),
    ],
    [
      'of images of one pixel',
      picture,
      [shrink, { ...batchNorm, name: 'norm' }, ...logit],
      after('discriminator, layer 1 "norm"', '3,1,1'),
    ],
    [
      'in images of one pixel to draw from',
      [reshape(8, 1, 1), batchNorm, { type: 'flatten' }, ...picture],
      logit,
      after('generator, layer 1 "1"', '8,1,1'),
    ],
  ])('%s', (_, generator, discriminator, message) => {
    expect(() => resolve(1, generator, discriminator)).toThrow(new ModelError(message));
    expect(resolve(2, generator, discriminator)).toHaveProperty('generator');
  });
});

test('a batch of one is enough for more than one value, and without batch normalisation', () => {
  const columns = [{ type: 'conv2d', filters: 3, kernel: [4, 3] }, batchNorm, ...logit];
  expect(resolve(1, picture, columns)).toHaveProperty('generator');
  expect(resolve(1, picture, logit)).toHaveProperty('generator');
});

test('a batch that is no whole number of groups is refused', () => {
  const judge = [{ type: 'minibatchStd', group: 4, name: 'std' }, ...logit];
  expect(() => resolve(10, picture, judge)).toThrow(
    new ModelError(
      'discriminator, layer 0 "std" (minibatchStd): a batch of 10 is no whole number of groups of 4: use --batch 8 or 12',
    ),
  );
  for (const batch of [1, 3, 8]) {
    expect(resolve(batch, picture, judge).discriminator.mixesBatch).toBe(true);
  }
});

test('a penalty on the slope at each image is refused where the discriminator mixes a batch', () => {
  const gan = ganOf([CRITIC[0]!, { type: 'batchNorm' }, ...CRITIC.slice(1)]);
  expect(() => expectNoBatchUnderPenalty(gan.discriminator, { r1: 1 })).toThrow(
    'discriminator: its layer "1" (batchNorm) mixes the images of a batch, but the penalty "r1" is on the slope at each image: leave that layer out, or the penalty',
  );
  expect(() => expectNoBatchUnderPenalty(gan.discriminator, { r1: 0 })).not.toThrow();
  expect(() => expectNoBatchUnderPenalty(ganOf().discriminator, { gradient: 1 })).not.toThrow();
});
