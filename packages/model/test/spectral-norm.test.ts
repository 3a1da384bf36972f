import { describe, expect, test } from 'vitest';
import { type Network, type NetworkSpec, resolveNetwork } from '../src/network.ts';
import { at, type Batch, range } from './arrays.ts';
import type { InputSpec } from './layer-rows/row.ts';
import { randomInputs, randomNumbers, randomWeights } from './reference-network.ts';
import { runNetwork } from './run-network.ts';

type LayerSpec = NetworkSpec['layers'][number];

interface Case {
  x: InputSpec;
  layer: LayerSpec;
  /** The weight's axis of outputs. */
  axis: number;
}

const CASES: Record<string, Case> = {
  dense: { x: [5], layer: { type: 'dense', units: 4, spectralNorm: true }, axis: 0 },
  conv2d: {
    x: [2, 4, 3],
    layer: { type: 'conv2d', filters: 3, kernel: 2, groups: 1, spectralNorm: true },
    axis: 0,
  },
  convTranspose2d: {
    x: [3, 2, 3],
    layer: { type: 'convTranspose2d', filters: 2, kernel: [2, 3], stride: 2, spectralNorm: true },
    axis: 1,
  },
  embedding: {
    x: { classes: 4 },
    layer: { type: 'embedding', units: 5, spectralNorm: true },
    axis: 0,
  },
};

/** A matrix of a row for each output, as numbers. */
function rowsOf({ shape, data }: Batch, axis: number): number[][] {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return range(shape[axis]!).map((output) =>
    Array.from(data).filter((_, i) => Math.floor(i / inner) % shape[axis]! === output),
  );
}

/** Singular values by Jacobi's one-sided rotations: rows are turned until each two are orthogonal. */
function singularValues(matrix: readonly (readonly number[])[]): number[] {
  const rows = matrix.map((row) => [...row]);
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (const p of range(rows.length)) {
      for (const q of range(p)) {
        const [a, b] = [rows[p]!, rows[q]!];
        const angle = 0.5 * Math.atan2(2 * dot(a, b), dot(a, a) - dot(b, b));
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        rows[p] = a.map((value, i) => cos * value + sin * b[i]!);
        rows[q] = b.map((value, i) => cos * value - sin * a[i]!);
      }
    }
  }
  return rows.map((row) => Math.sqrt(dot(row, row))).toSorted((a, b) => b - a);
}

function numbersOf({ data }: { data: unknown }): number[] {
  return Array.from(data as Float32Array);
}

/** The weights after so many passes of training, of which nothing but u remains. */
async function afterPasses(network: Network, passes: number): Promise<Record<string, Batch>> {
  const weights = randomWeights(network);
  const inputs = randomInputs(network, 2);
  for (let pass = 0; pass < passes; pass++) {
    const got = await runNetwork(network, inputs, weights, { training: true });
    const { dims, data } = got['0.weight_u']!;
    weights['0.weight_u'] = { shape: dims, data: data as Float32Array };
  }
  return weights;
}

test('singular values are right', () => {
  // Of [[3, 0], [4, 5]]: √45 and √5.
  const [first, second] = singularValues([
    [3, 0],
    [4, 5],
  ]);
  expect([first, second]).toEqual([
    expect.closeTo(Math.sqrt(45), 12),
    expect.closeTo(Math.sqrt(5), 12),
  ]);
});

describe.each(Object.entries(CASES))('the spectral norm of %s', (_, { x, layer, axis }) => {
  const network = resolveNetwork({ inputs: { x }, layers: [layer] }, 'net');
  const plain = resolveNetwork(
    { inputs: { x }, layers: [{ ...layer, spectralNorm: false } as LayerSpec] },
    'net',
  );
  const inputs = randomInputs(network, 2);

  test('u is counted, not trained, and has a number for each output', () => {
    const u = network.parameters.find(({ name }) => name === '0.weight_u')!;
    const weight = network.parameters.find(({ name }) => name === '0.weight')!;
    expect(u).toMatchObject({ trained: false, shape: [weight.shape[axis]] });
    const others = network.parameters.filter((parameter) => parameter !== u);
    expect(plain.parameters.map(({ name }) => name)).toEqual(others.map(({ name }) => name));
  });

  test('becomes 1 as a singular value decomposition has it, and the gradient is that of W / σ', async () => {
    const weights = await afterPasses(network, 60);
    const w = weights['0.weight']!;
    const scaled = (at: Batch) => {
      const [largest] = singularValues(rowsOf(at, axis));
      return { shape: at.shape, data: Array.from(at.data, (value) => value / largest!) };
    };
    const { '0.weight_u': u, ...others } = weights;
    const draw = async (weight: Batch) => {
      const all = { ...others, '0.weight': scaled(weight) };
      return numbersOf((await runNetwork(plain, inputs, all, { training: false })).output!);
    };
    const expected = await draw(w);
    for (const training of [false, true]) {
      const got = await runNetwork(network, inputs, weights, { training });
      for (const [i, value] of numbersOf(got.output!).entries())
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
    }
    expect(Math.hypot(...Array.from(u!.data))).toBeCloseTo(1, 5);

    const shape = [2, ...network.outputShape];
    const weighting = randomNumbers('weighting', shape, 'normal');
    const run = { training: true, gradientsOf: ['0.weight'], weighting };
    const gradient = numbersOf(
      (await runNetwork(network, inputs, weights, run))['gradient.0.weight']!,
    );
    const direction = randomNumbers('direction', w.shape, 'normal');
    const [above, below] = await Promise.all(
      [0.01, -0.01].map(async (step) => {
        const data = Array.from(w.data, (value, i) => value + step * direction.data[i]!);
        const y = await draw({ shape: w.shape, data });
        return y.reduce((sum, value, i) => sum + value * weighting.data[i]!, 0);
      }),
    );
    const slope = gradient.reduce((sum, value, i) => sum + value * direction.data[i]!, 0);
    expect(Math.abs(slope)).toBeGreaterThan(0.1);
    expect(Math.abs(slope - (above! - below!) / 0.02) / Math.max(1, Math.abs(slope))).toBeLessThan(
      3e-3,
    );
  });

  test('each pass of training is one power iteration, as in PyTorch', async () => {
    const before = randomWeights(network);
    const got = await runNetwork(network, inputs, before, { training: true });
    const rows = rowsOf(before['0.weight']!, axis);
    const unit = (values: number[]) => values.map((value) => value / Math.hypot(...values));
    const u = before['0.weight_u']!;
    const v = unit(
      range(rows[0]!.length).map((k) => rows.reduce((sum, row, o) => sum + at(u, o) * row[k]!, 0)),
    );
    const next = unit(rows.map((row) => row.reduce((sum, value, k) => sum + value * v[k]!, 0)));
    for (const [i, value] of numbersOf(got['0.weight_u']!).entries())
      expect(value).toBeCloseTo(next[i]!, 5);
    const drawn = await runNetwork(network, inputs, before, { training: false });
    expect(Object.keys(drawn)).toEqual(['output']);
    expect(numbersOf(drawn.output!)).toEqual(numbersOf(got.output!));
  });
});
