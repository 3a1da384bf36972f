/** An InfoGAN's codes in its loss, and networks whose codes do not fit. */
import { codesOf, type NetworkSpec, resolveNetwork } from '@ganport/model';
import { gradients, input } from '@ganport/onnx';
import { expect, test } from 'vitest';
import { resolveGan } from '../src/index.ts';
import { codeLoss } from '../src/recipe/information.ts';
import { numbers, openGraph } from './graphs.ts';

const CODES = codesOf({ kind: { categories: 3 }, slant: 'normal' });
const Z = [0.5, -1, 2, 0.25, 7, 1, 0.5, -4, -1.5, 7];

/** By hand: −log softmax of [kind], category 2 and 0 of Z, and half the square of [slant] − 0.25 and + 1.5. */
function formula(kind: readonly number[], slant: readonly number[]): number {
  const own = [kind[2]!, kind[3]!];
  const sums = [kind.slice(0, 3), kind.slice(3)].map((row) =>
    Math.log(row.reduce((s, x) => s + Math.exp(x), 0)),
  );
  const categories = (sums[0]! - own[0]! + sums[1]! - own[1]!) / 2;
  return categories + ((slant[0]! - 0.25) ** 2 + (slant[1]! + 1.5) ** 2) / 4;
}

test('is −log of what the discriminator tells of the codes, with its slope', async () => {
  const told = {
    output: input('output', 'float32', [2, 1]),
    kind: input('kind', 'float32', [2, 3]),
    slant: input('slant', 'float32', [2, 1]),
  };
  const z = input('z', 'float32', [2, 5]);
  const [loss] = codeLoss(told, z, CODES);
  const [ofKind, ofSlant] = gradients(loss!, [told.kind, told.slant]);
  const { kind: k, slant: s } = told;
  const graph = await openGraph(
    { kind: k, slant: s, z },
    { loss: loss!, ofKind: ofKind!, ofSlant: ofSlant! },
  );
  const values = numbers(8, 5).map((x) => Math.fround(2 * x));
  const got = await graph.run({ kind: values.slice(0, 6), slant: values.slice(6), z: Z });
  await graph.close();
  const at = (all: readonly number[]) => formula(all.slice(0, 6), all.slice(6));
  expect(got.loss![0]).toBeCloseTo(at(values), 5);
  const step = 1e-4;
  const slopes = values.map((_, i) => {
    const moved = (by: number) => at(values.map((x, j) => (j === i ? x + by : x)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
  [...got.ofKind!, ...got.ofSlant!].forEach((slope, i) => {
    expect(slope).toBeCloseTo(slopes[i]!, 4);
  });
  expect(codeLoss(told, z, [])).toEqual([]);
});

const dataset = { name: 'noise', channels: 1, height: 2, width: 2 } as const;
const ganOf = (codes: NetworkSpec['codes'], heads: Record<string, number>, more: object = {}) => {
  const generator: NetworkSpec = {
    inputs: { z: [6] },
    ...(codes && { codes }),
    layers: [{ type: 'dense', units: 4 }, { type: 'tanh' }, { type: 'reshape', shape: [1, 2, 2] }],
  };
  const discriminator: NetworkSpec = {
    inputs: { image: [1, 2, 2] },
    layers: [
      { type: 'flatten', name: 'seen' },
      ...Object.entries(heads).map(
        ([name, units]) => ({ type: 'dense', from: 'seen', name, units }) as const,
      ),
      { type: 'dense', from: 'seen', units: 1 },
    ],
    outputs: Object.fromEntries(Object.keys(heads).map((name) => [name, name])),
    ...more,
  };
  return () => resolveGan({ generator, discriminator, batch: 4 }, dataset);
};
const codes = { kind: { categories: 3 }, slant: 'normal' } as const;

test('networks of codes fit each other', () => {
  const { generator } = ganOf(codes, { kind: 3, slant: 1 })();
  expect(generator.codes).toEqual(
    resolveNetwork({ inputs: { z: [6] }, codes, layers: [{ type: 'tanh' }] }, 'x').codes,
  );
});

test.each([
  [
    'a code that is not told',
    ganOf(codes, { slant: 1 }),
    'discriminator: expected an output "kind" of [3], which tells the generator\'s code, got none',
  ],
  [
    'told of other categories',
    ganOf(codes, { kind: 4, slant: 1 }),
    'an output "kind" of [3], which tells the generator\'s code, got [4]',
  ],
  [
    'an output without codes',
    ganOf(undefined, { kind: 3 }),
    'its output "kind" tells nothing there is: expected "classes", or one of the generator\'s codes (it has none)',
  ],
  [
    'an output more',
    ganOf(codes, { kind: 3, slant: 1, width: 1 }),
    'its output "width" tells nothing there is: expected "classes", or one of the generator\'s codes ("kind", "slant")',
  ],
  [
    'classes without labels',
    ganOf(undefined, { classes: 3 }),
    'noise has no labels, and these networks take classes',
  ],
])('networks are refused: %s', (_, resolve, message) => {
  expect(resolve).toThrow(message);
});

test('codes of a discriminator are refused', () => {
  expect(ganOf(undefined, {}, { codes: { slant: 'normal' } })).toThrow(
    'discriminator: its codes are the first 1 numbers of an input "z": expected "z": [1] or more, got none',
  );
});
