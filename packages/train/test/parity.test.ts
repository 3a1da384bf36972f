import { LAYERS, type LayerType, type NetworkSpec, PRESETS, resolveNetwork } from '@ganport/model';
import { afterAll, describe, expect, test } from 'vitest';
import { type Gan, LOSSES, type LossName } from '../src/index.ts';
import { differences } from './parity.ts';

/*
 * Each engine is the other's oracle: they share the networks' description and the formulas, and no
 * arithmetic. Both compute in float32 but add up in other orders, so gradients differ in their last
 * digits: see the greatest differences that the suite prints. Training enlarges them from step to
 * step. A wrong formula is off by 1e-2 and more.
 */
const AFTER_ONE = 2e-4;
const AFTER_TWENTY = 1e-3;
const METRICS = 2e-5;

type Layers = NetworkSpec['layers'];

interface Case {
  title: string;
  /** Shape of what the layers are given. */
  input: number[];
  layers: Layers;
}

/** What each kind of layer is tried on, both in a generator and in a discriminator. */
const CASES: Record<LayerType, Case[]> = {
  dense: [
    { title: 'with a bias', input: [5], layers: [{ type: 'dense', units: 7 }] },
    { title: 'without', input: [5], layers: [{ type: 'dense', units: 7, bias: false }] },
  ],
  conv2d: [
    { kernel: 3, pad: 1 },
    { kernel: 4, stride: 2, pad: 1 },
    { kernel: 3, stride: 2, pad: 1 },
    { kernel: [2, 3], stride: [2, 1], pad: [0, 2] },
    { kernel: 3, stride: 2 },
    { kernel: 1, pad: 1 },
    { kernel: 2, stride: 3, bias: false },
  ].map((options) => convolution('conv2d', options)),
  convTranspose2d: [
    { kernel: 4, stride: 2, pad: 1 },
    { kernel: 3, stride: 2 },
    { kernel: 3, stride: 2, pad: 1 },
    { kernel: [2, 3], stride: [2, 1], pad: [0, 1] },
    { kernel: 2, stride: 3, bias: false },
    { kernel: 5, stride: 2, pad: 2 },
  ].map((options) => convolution('convTranspose2d', options)),
  batchNorm: [
    { title: 'of vectors', input: [6], layers: [{ type: 'batchNorm' }] },
    {
      title: 'of images',
      input: [3, 4, 5],
      layers: [{ type: 'batchNorm', momentum: 0.3, epsilon: 1e-2 }],
    },
    { title: 'of sequences', input: [3, 4], layers: [{ type: 'batchNorm' }] },
  ],
  relu: [{ title: '', input: [8], layers: [{ type: 'relu' }] }],
  leakyRelu: [
    { title: '', input: [8], layers: [{ type: 'leakyRelu', slope: 0.2 }] },
    {
      title: 'at 0, where its slope is the lower one',
      input: [8],
      // A ReLU's zeros: half of what the second layer sees.
      layers: [{ type: 'relu' }, { type: 'leakyRelu', slope: 0.2 }],
    },
  ],
  tanh: [{ title: '', input: [8], layers: [{ type: 'tanh' }] }],
  sigmoid: [{ title: '', input: [8], layers: [{ type: 'sigmoid' }] }],
  avgPool2d: [
    { kernel: 2 },
    { kernel: 3, stride: 1 },
    { kernel: 2, stride: 3 },
    { kernel: [1, 2], stride: [2, 1] },
  ].map((options) => ({
    title: JSON.stringify(options),
    input: [2, 5, 7],
    layers: [{ type: 'avgPool2d', ...options }] as Layers,
  })),
  upsample2d: [2, 3].map((scale) => ({
    title: `by ${scale}`,
    input: [2, 3, 4],
    layers: [{ type: 'upsample2d', scale }],
  })),
  reshape: [
    {
      title: 'of images to images',
      input: [2, 3, 4],
      layers: [
        { type: 'reshape', shape: [3, 4, 2] },
        { type: 'conv2d', filters: 2, kernel: 2 },
      ],
    },
    {
      title: 'of images to sequences',
      input: [2, 3, 4],
      layers: [{ type: 'reshape', shape: [4, 6] }, { type: 'batchNorm' }],
    },
  ],
  flatten: [{ title: 'of images', input: [3, 2, 4], layers: [{ type: 'flatten' }] }],
  add: [
    {
      title: 'of three, one of them twice',
      input: [2, 4, 4],
      layers: [
        { type: 'conv2d', filters: 2, kernel: 3, pad: 1, name: 'a' },
        { type: 'tanh', name: 'b' },
        { type: 'add', from: ['a', 'b', 'a'] },
      ],
    },
  ],
  concat: [
    {
      title: 'of images',
      input: [2, 4, 4],
      layers: [
        { type: 'conv2d', filters: 3, kernel: 3, pad: 1, name: 'a' },
        { type: 'tanh', name: 'b' },
        { type: 'concat', from: ['b', 'a'] },
      ],
    },
    {
      title: 'of vectors',
      input: [4],
      layers: [
        { type: 'dense', units: 3, name: 'a' },
        { type: 'concat', from: ['a', 'a'] },
      ],
    },
  ],
};

function convolution(type: 'conv2d' | 'convTranspose2d', options: object): Case {
  return {
    title: JSON.stringify(options),
    input: [2, 5, 6],
    layers: [{ type, filters: 3, ...options }] as Layers,
  };
}

const IMAGE = [2, 3, 4];

/** The layers in the middle of a generator and of a discriminator. */
function ganAround({ input, layers }: Pick<Case, 'input' | 'layers'>): Gan {
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  // Without bias: batch normalisation would take it out again.
  const before: Layers = [
    { type: 'dense', units: size(input), bias: false },
    { type: 'reshape', shape: input },
  ];
  const generator: NetworkSpec = {
    inputs: { z: [4] },
    layers: [
      ...before,
      ...layers,
      { type: 'flatten' },
      { type: 'dense', units: size(IMAGE) },
      { type: 'tanh' },
      { type: 'reshape', shape: IMAGE },
    ],
  };
  const discriminator: NetworkSpec = {
    inputs: { image: IMAGE },
    layers: [
      { type: 'flatten' },
      ...before,
      ...layers,
      { type: 'flatten' },
      { type: 'dense', units: 1 },
    ],
  };
  return {
    generator: resolveNetwork(generator, 'generator'),
    discriminator: resolveNetwork(discriminator, 'discriminator'),
  };
}

const descriptions = new Set<string>();
let [worstFirst, worstLast] = [0, 0];

async function expectParity(gan: Gan, options: { batch: number; loss?: LossName }): Promise<void> {
  const compared = await differences(gan, { ...options, compareAfter: [1, 20] });
  descriptions.add(compared.description);
  const [first, last] = compared.differences;
  worstFirst = Math.max(worstFirst, first!.state);
  worstLast = Math.max(worstLast, last!.state);
  if (process.env.PARITY) console.log(compared.differences);
  expect(first!.state, `gradients and weights after one step, at ${first!.where}`).toBeLessThan(
    AFTER_ONE,
  );
  expect(last!.state, `weights after 20 steps, at ${last!.where}`).toBeLessThan(AFTER_TWENTY);
  for (const { step, metrics } of compared.differences) {
    expect(metrics, `losses of step ${step}`).toBeLessThan(METRICS);
  }
}

afterAll(() => {
  console.log(
    `parity with ${[...descriptions].join(' and ')}: the greatest difference was ` +
      `${worstFirst.toExponential(1)} after one step, ${worstLast.toExponential(1)} after 20`,
  );
});

describe('both engines agree on every kind of layer', () => {
  test.each(Object.keys(LAYERS) as LayerType[])('there is a case of %s', (type) => {
    const used = CASES[type].flatMap(({ layers }) => layers.map((layer) => layer.type));
    expect(used).toContain(type);
  });

  const cases = Object.entries(CASES).flatMap(([type, list]) =>
    list.map((each) => [`${type} ${each.title}`.trim(), each] as const),
  );
  test.each(cases)('%s', async (_, each) => {
    await expectParity(ganAround(each), { batch: 6 });
  });
});

describe('both engines agree on every loss', () => {
  test.each(Object.keys(LOSSES) as LossName[])('%s', async (loss) => {
    const layers: Layers = [{ type: 'dense', units: 8 }, { type: 'tanh' }];
    await expectParity(ganAround({ input: [4], layers }), { batch: 6, loss });
  });
});

function presetGan(preset: keyof typeof PRESETS): Gan {
  const { generator, discriminator } = PRESETS[preset];
  return {
    generator: resolveNetwork(generator, 'generator'),
    discriminator: resolveNetwork(discriminator, 'discriminator'),
  };
}

describe('both engines agree on the seed networks', () => {
  test('mlp', async () => {
    await expectParity(presetGan('mlp'), { batch: 16 });
  });

  // A batch of two: TensorFlow.js's wasm backend takes 0.4 s for such a step.
  test('conv (slow)', { timeout: 120_000 }, async () => {
    await expectParity(presetGan('conv'), { batch: 2 });
  });
});
