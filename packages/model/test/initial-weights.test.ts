import { describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { fillInit, initialWeights } from '../src/initial-weights.ts';
import { type NetworkSpec, resolveNetwork } from '../src/network.ts';

const start = (spec: NetworkSpec, seed = 3, prefix = 'generator') =>
  initialWeights(resolveNetwork(spec, 'net').parameters, seed, prefix);

const layers: NetworkSpec['layers'] = [
  { type: 'dense', units: 40, name: 'a' },
  { type: 'batchNorm', name: 'norm' },
  { type: 'dense', units: 30, name: 'b', init: 'normal' },
];
const spec: NetworkSpec = { inputs: { z: [25] }, layers };

describe('initial weights', () => {
  const weights = start(spec);

  test('have the names and sizes of the parameters', () => {
    const sizes = Object.entries(weights).map(([name, { length }]) => [name, length]);
    expect(Object.fromEntries(sizes)).toEqual({
      'generator.a.weight': 1000,
      'generator.a.bias': 40,
      'generator.norm.weight': 40,
      'generator.norm.bias': 40,
      'generator.norm.running_mean': 40,
      'generator.norm.running_var': 40,
      'generator.b.weight': 1200,
      'generator.b.bias': 30,
    });
  });

  test('are distributed as their layer says', () => {
    const moments = (name: string) => {
      const data = [...weights[`generator.${name}`]!];
      const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
      const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
      return { mean, deviation: Math.sqrt(variance), largest: Math.max(...data.map(Math.abs)) };
    };
    // Uniform in ±1/√25: deviation 0.2/√3 = 0.1155, its mean's 0.1155/√1000 = 0.0037.
    const uniform = moments('a.weight');
    expect(Math.abs(uniform.mean)).toBeLessThan(4 * 0.0037);
    expect(uniform.deviation).toBeCloseTo(0.1155, 2);
    expect(uniform.largest).toBeGreaterThan(0.195);
    expect(uniform.largest).toBeLessThanOrEqual(0.2);
    // N(0, 0.02²): the deviation's own is 0.02/√2400 = 0.0004.
    const normal = moments('b.weight');
    expect(Math.abs(normal.mean)).toBeLessThan(4 * 0.0006);
    expect(Math.abs(normal.deviation - 0.02)).toBeLessThan(4 * 0.0004);
    expect(normal.largest).toBeGreaterThan(0.05);
    expect(moments('norm.weight')).toEqual({ mean: 1, deviation: 0, largest: 1 });
    expect(moments('b.bias')).toEqual({ mean: 0, deviation: 0, largest: 0 });
  });

  test('a new layer changes those of no other', () => {
    const added: NetworkSpec = {
      ...spec,
      layers: [
        { type: 'dense', units: 25, name: 'new' },
        layers[0]!,
        { type: 'tanh', name: 'bend' },
        ...layers.slice(1),
      ],
    };
    const after = start(added);
    expect(Object.keys(after)).toHaveLength(Object.keys(weights).length + 2);
    expect(after).toMatchObject(weights);
  });

  test('differ by seed, by network and by name', () => {
    const name = 'generator.a.weight';
    const others = [
      start(spec, 4)[name]!,
      start(spec, 3, 'discriminator')['discriminator.a.weight']!,
      start({ ...spec, layers: [{ ...layers[0]!, name: 'c' }] })['generator.c.weight']!,
    ];
    for (const other of others) {
      const same = other.filter((x, i) => x === weights[name]![i]);
      expect(same.length).toBeLessThan(5);
    }
    expect(start(spec)).toEqual(weights);
  });
});

test('a seed that is none is refused', () => {
  const init = { type: 'uniform', bound: 1 } as const;
  expect(() => fillInit(new Float32Array(2), init, -1, 'a')).toThrow(ModelError);
});
