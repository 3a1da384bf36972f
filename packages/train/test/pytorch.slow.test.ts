/** Losses, penalties and spectral normalisation in training: 20 steps beside PyTorch's. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  buildRecipe,
  createEngine,
  feedsAt,
  initialState,
  resolveConfig,
  resolveGan,
} from '../src/index.ts';
import { valueAt } from '../src/recipe/schedules.ts';

const PYTHON = fileURLToPath(new URL('../../../.cache/pytorch/bin/python', import.meta.url));
const why = existsSync(PYTHON) ? '' : ' [skipped: no PyTorch; `pnpm bench engines` installs it]';
const PROGRAM = fileURLToPath(new URL('pytorch.py', import.meta.url));
const STEPS = 20;
const BATCH = 8;
/** By about as much a wrong update leaves a weight apart. */
const RATE = 1e-3;
/**
 * Of a weight, and of a loss as a share of it; the greatest seen are 3e-7 and 6e-7. With LeakyReLUs rounding takes one
 * past its corner after 20 updates of WGAN-GP, and without momentum Adam goes elsewhere from there: by 5e-3.
 */
const APART = 1e-5;
const IMAGE = { name: 'the test', channels: 3, height: 8, width: 8 } as const;
const COUNT = 64;

/** The same as in pytorch.py. */
function networks(spectralNorm: boolean) {
  const tanh = { type: 'tanh' } as const;
  const twice = { kernel: 4, stride: 2, pad: 1 } as const;
  return {
    generator: {
      inputs: { z: [6] },
      layers: [
        { type: 'dense', units: 128 },
        { type: 'reshape', shape: [8, 4, 4] },
        tanh,
        { type: 'convTranspose2d', filters: 3, ...twice },
        tanh,
      ],
    },
    discriminator: {
      inputs: { image: [3, 8, 8] },
      layers: [
        { type: 'conv2d', filters: 8, kernel: 3, pad: 1, spectralNorm },
        tanh,
        { type: 'conv2d', filters: 16, ...twice, spectralNorm },
        tanh,
        { type: 'flatten' },
        { type: 'dense', units: 1, spectralNorm },
      ],
    },
  } as const;
}

interface Answer {
  metrics: Record<string, number>[];
  state: Record<string, string>;
}

const falling = { from: 2, to: 0.5, steps: 15, shape: 'cosine' } as const;

test.skipIf(why).each([
  ['WGAN-GP', { loss: 'wasserstein' }, false],
  ['hinge with spectral normalisation', { loss: 'hinge' }, true],
  [
    'R3GAN, with γ and β₂ scheduled',
    {
      ...{ loss: 'relativistic', penalties: { r1: falling, r2: falling } },
      adam: { beta2: { from: 0.9, to: 0.99, steps: 15, shape: 'cosine' } },
    },
    false,
  ],
] as const)(`PyTorch takes the same steps: %s${why}`, async (_, settings, spectralNorm) => {
  const config = resolveConfig([
    ['the row', settings],
    ['the test', { ...networks(spectralNorm), batch: BATCH, ema: 0, adam: { learningRate: RATE } }],
  ]);
  const gan = resolveGan(config, IMAGE);
  const size = 8 * 8 * 3;
  const read = (indices: Uint32Array) =>
    Uint8Array.from({ length: indices.length * size }, (_, i) =>
      Math.abs(Math.sin(indices[Math.floor(i / size)]! * 7919 + (i % size)) * 255.99),
    );
  const recipe = buildRecipe(gan, config, { count: COUNT, read });
  const initial = initialState(recipe, 0);
  const steps = Array.from({ length: STEPS }, (_, i) => i + 1);
  const feeds = await Promise.all(steps.map((step) => feedsAt(recipe, step)));
  const given = {
    ...{ loss: config.loss, spectralNorm, turns: config.discriminatorSteps, learningRate: RATE },
    state: textsOf(initial),
    steps: steps.map((step, i) => ({
      feeds: textsOf(feeds[i]!),
      betas: [config.adam.beta1, valueAt(config.adam.beta2, step)],
      gamma: valueAt(falling, step),
    })),
  };
  const { stdout, stderr } = spawnSync(PYTHON, [PROGRAM], {
    ...{ input: JSON.stringify(given), encoding: 'utf8', maxBuffer: 2 ** 28 },
  });
  expect(stdout, stderr).not.toBe('');
  const theirs = JSON.parse(stdout) as Answer;
  const engine = await createEngine(recipe, initial, {
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 1 },
  });
  try {
    for (const [i, expected] of theirs.metrics.entries()) {
      const got = await engine.step(feeds[i]!);
      for (const [name, value] of Object.entries(expected)) {
        const apart = Math.abs(got[name]! - value) / Math.max(1, Math.abs(value));
        expect(apart, `${name} of step ${i + 1}`).toBeLessThan(APART);
      }
    }
    const state = await engine.state();
    const weights = Object.keys(initial).filter((name) => !name.startsWith('adam_'));
    expect(Object.keys(theirs.state).toSorted()).toEqual(weights.toSorted());
    for (const name of weights) {
      expect(furthest(state[name]!, floatsOf(theirs.state[name]!)), name).toBeLessThan(APART);
    }
    // Else they would agree because nothing moved.
    for (const name of ['generator.0.weight', 'discriminator.0.weight']) {
      expect(furthest(state[name]!, initial[name]!), name).toBeGreaterThan(5 * RATE);
    }
  } finally {
    await engine.close();
  }
});

function furthest(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
}

function floatsOf(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}

function textsOf(arrays: Readonly<Record<string, NodeJS.TypedArray>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );
}
