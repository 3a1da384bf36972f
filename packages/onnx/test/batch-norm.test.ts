import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { buildModel, constant, encodeModel, float32, input, ops } from '../src/index.ts';

const [FILTERS, SIZE, COUNT] = [27, 12, 4];

/** Most filters random, the last a Laplacian: it answers to next to nothing of a smooth image. */
const KERNELS = Float32Array.from({ length: 9 * FILTERS }, (_, i) => Math.sin(i * 12.9898));
KERNELS.set([0, -1, 0, -1, 4, -1, 0, -1, 0], 9 * (FILTERS - 1));

/** y, mean and variance of a narrow convolution, from its input ("seen") and from its output ("passed"). */
async function bothForms(pixel: (n: number, i: number, j: number) => number) {
  const x = input('x', 'float32', [COUNT, 1, SIZE, SIZE]);
  const w = constant(float32(KERNELS, [FILTERS, 1, 3, 3]));
  const scale = constant(float32(new Float32Array(FILTERS).fill(1.5), [FILTERS]));
  const bias = constant(float32(new Float32Array(FILTERS).fill(0.25), [FILTERS]));
  const conv = ops.Conv(x, w, scale);
  expect(ops.isNarrowConv(conv)).toBe(true);
  const named = (form: string, values: readonly (typeof x)[]) =>
    values.map((value, i) => [`${form}${i}`, value] as const);
  const outputs = Object.fromEntries([
    ...named('seen', ops.normalizeConv(conv, scale, bias, 1e-5)),
    ...named('passed', ops.BatchNormalizationTraining(conv, scale, bias, 1e-5)),
  ]);
  const model = encodeModel(buildModel({ name: 'norm', inputs: [x], outputs }));
  const session = await InferenceSession.create(model);
  const data = Float32Array.from({ length: COUNT * SIZE * SIZE }, (_, k) =>
    pixel(Math.floor(k / SIZE ** 2), Math.floor(k / SIZE) % SIZE, k % SIZE),
  );
  const results = await session.run({ x: new Tensor('float32', data, [COUNT, 1, SIZE, SIZE]) });
  await session.release();
  const of = (form: string) => [0, 1, 2].map((i) => results[form + i]!.data as Float32Array);
  return { seen: of('seen'), passed: of('passed') };
}

// A Laplacian of smooth images varies 1e-5 times as much as one of noise, so that the rounding of what
// its taps see shows: 5.5e-4 of y's greatest element was measured.
test.each([
  [
    'noise',
    1e-5,
    (n: number, i: number, j: number) => Math.sin(1e4 * Math.sin(n + 7 * i + 31 * j)),
  ],
  ['images far from zero', 1e-4, (n: number, i: number, j: number) => 100 + Math.sin(n + i * j)],
  [
    'smooth images',
    2e-3,
    (n: number, i: number, j: number) => Math.sin(i / 9 + n) * Math.cos(j / 8),
  ],
])('both forms of batch normalisation agree on %s, within %d', async (_, tolerance, pixel) => {
  const { seen, passed } = await bothForms(pixel);
  seen.forEach((values, i) => {
    const apart = values.map((value, k) => Math.abs(value - passed[i]![k]!));
    const scale = Math.max(...passed[i]!.map(Math.abs));
    expect(Math.max(...apart) / scale).toBeLessThan(tolerance);
  });
});

test('constant images have no variance, and become the bias', async () => {
  const [y, , variance] = (await bothForms(() => 0.1)).seen;
  expect(Math.max(...variance!)).toBeLessThan(1e-12);
  expect(Math.max(...y!.map((value) => Math.abs(value - 0.25)))).toBeLessThan(1e-3);
});
