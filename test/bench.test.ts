import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stepFlops } from '../bench/src/flops.ts';
import { interleave, medianRatio, summarize } from '../bench/src/interleave.ts';
import { type Layer, PRESETS, parameterCount } from '../bench/src/presets.ts';

test.each([
  ['mlp', 293_136, 267_009],
  ['conv', 328_764, 3_265_409],
] as const)('the contenders train the published %s GAN', (preset, generator, discriminator) => {
  expect(parameterCount(PRESETS[preset].generator)).toBe(generator);
  expect(parameterCount(PRESETS[preset].discriminator)).toBe(discriminator);
});

test('a step’s operations are twice its multiply-adds', () => {
  // The MLP's layers, by hand: forward, weight gradients and the input gradients that are needed.
  const g = 100 * 256 + 256 * 256 + 256 * 784;
  const d = 784 * 256 + 256 * 256 + 256;
  const multiplyAdds = g + 2 * (3 * d - 784 * 256) + (3 * g - 100 * 256) + 2 * d;
  expect(stepFlops(PRESETS.mlp, 128)).toBe(128 * 2 * multiplyAdds);

  // 3×3 from 50 to 25 channels, alone: forward twice, a weight gradient, no input gradient.
  const conv: Layer = { type: 'conv', from: 50, to: 25, kernel: 3, stride: 1, pad: 1, size: 56 };
  const alone = { generator: [conv], discriminator: [], sample: [] };
  expect(stepFlops(alone, 64)).toBe(3 * 64 * 2 * 9 * 50 * 25 * 56 * 56);
});

test('contenders take turns after a warm-up', async () => {
  const log: string[] = [];
  const runner = (name: string, secondsPerStep: number) => ({
    run: async (steps: number) => {
      log.push(`${name}${steps}`);
      return steps * secondsPerStep;
    },
  });
  const times = await interleave([runner('a', 0.25), runner('b', 3)], 2);
  expect(log).toEqual(['a1', 'a1', 'b1', 'b1', 'a4', 'b1', 'a4', 'b1']);
  expect(times).toEqual([
    [0.25, 0.25],
    [3, 3],
  ]);
});

test('ratios are taken within a round', () => {
  // The machine was three times slower in the last round, for both.
  const [fast, slow] = [
    [1, 2, 3],
    [10, 20, 33],
  ];
  expect(medianRatio(slow, fast)).toBe(10);
  expect(summarize([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
});

test.each([
  [[], 'expected one benchmark, train or conv-gradients; got none'],
  [['tarin'], 'expected one benchmark, train or conv-gradients; got tarin'],
  [['train', '--preset', 'cnn'], '--preset is one of mlp, conv; got "cnn"'],
  [['train', '--rounds', '0'], '--rounds is a whole number from 1; got "0"'],
  [['train', '--fast'], "Unknown option '--fast'"],
])('wrong usage exits with 2: %j', (args, message) => {
  const main = fileURLToPath(new URL('../bench/dist/main.js', import.meta.url));
  const { status, stderr, stdout } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
  });
  expect(stderr).toContain(message);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});
