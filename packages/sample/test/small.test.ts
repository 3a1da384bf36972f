/** The small runtime's loader: what it draws, and what it refuses. */
import { randomSequence } from '@ganport/model';
import { buildModel, encodeModel, input, ops as op } from '@ganport/onnx';
import { describe, expect, test } from 'vitest';
import { SampleError } from '../src/error.ts';
import { loadSmallGenerator } from '../src/small/load.ts';
import { openGraph } from '../src/small/run.ts';
import { buildGenerator } from './fixture.ts';

const SMALL = { latent: 3, height: 4, width: 5 } as const;

describe.each(['uint8', 'float32'] as const)('a generator of %s', (output) => {
  test.each([1, 3] as const)('draws its pictures, of %i channels', async (channels) => {
    const { model, expected } = buildGenerator({ ...SMALL, channels, output });
    const { sample, metadata } = await loadSmallGenerator(model);
    const { data, ...size } = await sample({ seed: 42, start: 7, count: 3 });
    expect(size).toEqual({ count: 3, height: 4, width: 5, channels });
    expect(Buffer.from(data)).toEqual(Buffer.concat([7, 8, 9].map((index) => expected(42, index))));
    expect(metadata.image.output).toBe(output);
  });
});

test('a page has turns between pictures', async () => {
  const { sample } = await loadSmallGenerator(buildGenerator().model);
  let turns = 0;
  const timer = setInterval(() => turns++);
  await sample({ seed: 1, count: 300 });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});

test('what is taken back ends', async () => {
  const { sample } = await loadSmallGenerator(buildGenerator(SMALL).model);
  const signal = AbortSignal.abort(new Error('left'));
  await expect(sample({ seed: 1, signal })).rejects.toThrow('left');
});

test.each([
  [{ label: 0 }, 'this generator was trained without classes: none can be asked for'],
  [{ count: 0 }, 'count: expected an integer from 1 to 65536, got 0'],
  [{ count: 1e9 }, 'count: expected an integer from 1 to 65536, got 1000000000'],
  [{ count: 1.5 }, 'count: expected an integer from 1 to 65536, got 1.5'],
  [{ seed: -1 }, 'seed: expected an integer from 0 to 9007199254740991, got -1'],
  [{ start: 2 ** 32 }, 'start: expected an integer from 0 to 4294967295, got 4294967296'],
])('%j is refused', async (options, message) => {
  const { sample } = await loadSmallGenerator(buildGenerator(SMALL).model);
  await expect(sample({ seed: 1, ...options })).rejects.toThrow(message);
});

test('golden samples that are others are refused', async () => {
  const { model } = buildGenerator({
    ...SMALL,
    alter: ({ golden, ...metadata }) => ({
      ...metadata,
      golden: { ...golden, seed: golden.seed + 1 },
    }),
  });
  await expect(loadSmallGenerator(model)).rejects.toThrow(
    /^the small runtime draws the golden samples up to \d+ levels off, expected at most 1$/,
  );
});

const x = input('x', 'float32', ['N', 2]);

test.each<[string, Uint8Array, string]>([
  ['nothing', new Uint8Array(0), 'the model was not written by `ganport export`'],
  ['a text', new TextEncoder().encode('<!doctype html>'), 'the model'],
  ['a model of no metadata', modelOf(op.Tanh(x)), 'the model was not written by `ganport export`'],
  [
    'an operator that it lacks',
    modelOf(op.HardSigmoid(x, 0.2, 0.5)),
    'the small runtime has no HardSigmoid',
  ],
])('%s is refused', async (_, model, message) => {
  await expect(loadSmallGenerator(model)).rejects.toThrow(SampleError);
  await expect(loadSmallGenerator(model)).rejects.toThrow(message);
});

function modelOf(image: ReturnType<typeof op.Tanh>, from = x): Uint8Array {
  return encodeModel(buildModel({ name: 'model', inputs: [from], outputs: { image } }));
}

test('a tensor that no memory holds is refused before it is made', () => {
  const one = input('x', 'float32', [1, 2]);
  const { run } = openGraph(modelOf(op.Expand(one, [2 ** 20, 2 ** 20, 2]), one));
  const data = new Float32Array(2);
  expect(() => run({ x: { shape: [1, 2], data } })).toThrow(
    'the model has a tensor [1048576,1048576,2], of more than 134217728 numbers',
  );
});

test('damaged files end in one line, or draw what they drew', async () => {
  const { model, expected } = buildGenerator(SMALL);
  let refused = 0;
  for (let n = 0; n < 400; n += 1) {
    const { below } = randomSequence(0, 0, n);
    const damaged = model.slice(0, n % 3 === 0 ? below(model.length) : model.length);
    for (let change = 0; change <= below(4); change += 1) {
      damaged[below(damaged.length)] = below(256);
    }
    try {
      const { sample } = await loadSmallGenerator(damaged);
      // A change of a number that the golden samples do not tell.
      const { data } = await sample({ seed: 42 });
      const off = Array.from(data, (level, i) => Math.abs(level - expected(42, 0)[i]!));
      expect(Math.max(...off)).toBeLessThan(40);
    } catch (error) {
      expect(error, String((error as Error).stack)).toBeInstanceOf(SampleError);
      expect((error as Error).message).toMatch(/^[^\n]{1,400}$/);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(200);
});
