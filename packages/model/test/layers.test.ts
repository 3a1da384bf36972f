import { describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { LAYERS, type LayerType } from '../src/layers/index.ts';
import { type Network, resolveNetwork } from '../src/network.ts';
import type { Batch } from './arrays.ts';
import type { InputSpec } from './layer-rows/row.ts';
import { ROWS } from './layer-rows.ts';
import { forward, randomInputs, randomNumbers, randomWeights } from './reference-network.ts';
import { expectClose, runNetwork } from './run-network.ts';

/** A network of one layer. */
function netOf(type: string, of: readonly InputSpec[], options: object = {}): Network {
  const inputs = Object.fromEntries(of.map((input, i) => [`x${i}`, input]));
  const layers = [{ type, ...options, from: Object.keys(inputs) }];
  return resolveNetwork({ inputs, layers }, 'net');
}

/** A weight or input and three directions it is moved in, as random numbers of its shape. */
function directions(name: string, { shape }: Batch): Batch[] {
  return [1, 2, 3].map((i) => randomNumbers(`direction ${i} of ${name}`, shape, 'normal'));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/**
 * The slopes of Σ weighting · output in those directions, by central differences of the reference: in
 * double precision, so exact to about 1e-8.
 */
function slopes(
  network: Network,
  feeds: Record<string, Batch>,
  weights: Record<string, Batch>,
  name: string,
  weighting: Batch,
): number[] {
  const middle = (weights[name] ?? feeds[name])!;
  return directions(name, middle).map((direction) => {
    const [above, below] = [1e-4, -1e-4].map((step) => {
      const data = Array.from(middle.data, (x, i) => x + step * direction.data[i]!);
      const moved = { [name]: { shape: middle.shape, data } };
      const { outputs } = forward(network, { ...feeds, ...moved }, { ...weights, ...moved }, true);
      return dot(weighting.data, outputs.output!.data);
    });
    return (above! - below!) / 2e-4;
  });
}

describe.each(Object.entries(ROWS))('%s', (type, { cases, refuses = [] }) => {
  test('is listed under its type', () => {
    const { options } = LAYERS[type as LayerType];
    expect(options.shape.type.value).toBe(type);
  });

  describe.each(Object.entries(cases))('%s', (_, { of, with: options, shape }) => {
    const network = netOf(type, of, options);
    const weights = randomWeights(network);

    test('draws what it should', async () => {
      expect(network.outputShape).toEqual(shape);
      for (const count of [1, 3]) {
        const inputs = randomInputs(network, count);
        const got = await runNetwork(network, inputs, weights, { training: false });
        const { outputs } = forward(network, inputs, weights, false);
        expect(Object.keys(got)).toEqual(['output']);
        expectClose(got.output!, outputs.output!);
      }
    });

    test('trains as it should, its gradients as by finite differences', async () => {
      const inputs = randomInputs(network, 3);
      const { outputs, updates } = forward(network, inputs, weights, true);
      const trained = network.parameters.flatMap((p) => (p.trained ? [p.name] : []));
      const wrt = [...Object.keys(network.inputs), ...trained];
      const weighting = randomNumbers('weighting', outputs.output!.shape, 'uniform');
      const got = await runNetwork(network, inputs, weights, {
        training: true,
        gradientsOf: wrt,
        weighting,
      });
      expectClose(got.output!, outputs.output!);
      for (const [name, next] of Object.entries(updates)) expectClose(got[name]!, next);
      for (const name of wrt) {
        const at = (weights[name] ?? inputs[name])!;
        const gradient = got[`gradient.${name}`]!;
        expect(gradient.dims).toEqual(at.shape);
        const expected = slopes(network, inputs, weights, name, weighting);
        directions(name, at).forEach((direction, i) => {
          const slope = dot(gradient.data as Float32Array, direction.data);
          const scale = Math.max(1, ...expected.map(Math.abs));
          expect(Math.abs(slope - expected[i]!) / scale, name).toBeLessThan(1e-5);
        });
        // Zeros would agree with zeros.
        expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.01);
      }
      const names = ['output', ...Object.keys(updates), ...wrt.map((name) => `gradient.${name}`)];
      expect(Object.keys(got).toSorted()).toEqual(names.toSorted());
    });
  });

  for (const { of, with: options, saying } of refuses) {
    test(`refuses ${JSON.stringify({ of, ...options })}`, () => {
      const resolve = () => netOf(type, of, options);
      expect(resolve).toThrow(ModelError);
      expect(resolve).toThrow(`net, layer 0 "0" (${type}): ${saying}`);
    });
  }
});
