import { latentBatch, ModelError } from '@ganport/model';
import type { Program } from '@ganport/runtime';
import { openProgram } from '@ganport/runtime/node';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { openSampler, SampleError, type Sampler, type SamplerOptions } from '../src/index.ts';
import { buildGenerator, type FixtureOptions, largestDifference } from './fixture.ts';

const open: Sampler[] = [];
afterEach(async () => {
  for (const sampler of open.splice(0)) await sampler.close();
});

const onCpu: SamplerOptions['open'] = (model) => openProgram(model, { device: 'cpu' });

async function sampler(model: Uint8Array, options: Partial<SamplerOptions> = {}): Promise<Sampler> {
  const opened = await openSampler({ model, open: onCpu, ...options });
  open.push(opened);
  return opened;
}

describe('a sampler', () => {
  const shapes: [string, FixtureOptions][] = [
    ['grey, uint8', {}],
    ['colour and not square, uint8', { latent: 16, height: 5, width: 7, channels: 3 }],
    [
      'colour and not square, float32',
      { latent: 16, height: 5, width: 7, channels: 3, output: 'float32' },
    ],
  ];
  test.each(shapes)('draws what plain arithmetic gives: %s', async (_name, options) => {
    const { model, expected } = buildGenerator(options);
    const { data, count } = await (await sampler(model)).sample({ seed: 42, start: 5, count: 3 });
    expect(count).toBe(3);
    const want = Buffer.concat([5, 6, 7].map((index) => expected(42, index)));
    // float32 sums in another order than float64: a level may round the other way.
    expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
    expect(new Set(data).size, 'the fixture must not be flat').toBeGreaterThan(20);
  });

  test.each(shapes)(
    'draws the same bytes however requests and runs are cut: %s',
    async (_name, options) => {
      const { model } = buildGenerator(options);
      const alone = await sampler(model, { maxBatch: 1 });
      const { data: singles } = await alone.sample({ seed: 3, start: 10, count: 60 });
      const size = singles.length / 60;
      const request = fc.record({
        from: fc.nat({ max: 59 }),
        count: fc.integer({ min: 1, max: 60 }),
      });
      const requests = fc.array(request, { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(requests, fc.integer({ min: 1, max: 50 }), async (asked, maxBatch) => {
          const drawing = await openSampler({ model, open: onCpu, maxBatch });
          try {
            const cut = asked.map(({ from, count }) => [from, Math.min(count, 60 - from)] as const);
            const drawn = await Promise.all(
              cut.map(([from, count]) => drawing.sample({ seed: 3, start: 10 + from, count })),
            );
            for (const [i, [from, count]] of cut.entries()) {
              const expected = singles.subarray(from * size, (from + count) * size);
              expect(Buffer.compare(drawn[i]!.data, expected)).toBe(0);
            }
          } finally {
            await drawing.close();
          }
        }),
        { numRuns: 25, seed: 1 },
      );
    },
  );

  test('draws several seeds as it draws each, however runs are cut', async () => {
    const { model } = buildGenerator();
    const drawing = await sampler(model, { maxBatch: 4 });
    const both = await drawing.sample({ seed: [9, 3], start: 2, count: 5 });
    expect(both.count).toBe(10);
    for (const [i, seed] of [9, 3].entries()) {
      const { data } = await drawing.sample({ seed, start: 2, count: 5 });
      expect(both.data.subarray(i * data.length, (i + 1) * data.length)).toEqual(data);
    }
    await expect(drawing.sample({ seed: [] })).rejects.toThrow('seeds: expected an integer from 1');
    await expect(drawing.sample({ seed: [1, 2], count: 40_000 })).rejects.toThrow(
      'count: expected',
    );
  });

  test('takes the largest seed and index', async () => {
    const { model, expected } = buildGenerator();
    const seed = Number.MAX_SAFE_INTEGER;
    const { data } = await (await sampler(model)).sample({ seed, start: 2 ** 32 - 1 });
    expect(largestDifference(data, expected(seed, 2 ** 32 - 1))).toBeLessThanOrEqual(1);
  });

  test.each([
    [{ seed: -1 }, 'seed: expected an integer from 0 to 9007199254740991, got -1'],
    [{ seed: 0.5 }, 'seed: expected'],
    [{ seed: '7' as never }, 'seed: expected'],
    [{} as never, 'seed: expected an integer from 0 to 9007199254740991, got undefined'],
    [{ seed: 2 ** 53 }, 'seed: expected'],
    [{ seed: Number.NaN }, 'seed: expected'],
    [{ seed: 1, start: 2 ** 32 }, 'start: expected an integer from 0 to 4294967295'],
    [{ seed: 1, count: 0 }, 'count: expected an integer from 1 to 65536, got 0'],
    [{ seed: 1, count: 65_537 }, 'count: expected'],
    [{ seed: 1, start: 2 ** 32 - 1, count: 2 }, 'count: expected an integer from 1 to 1, got 2'],
    [{ seed: 1, truncation: 0 }, 'truncation: expected a number above 0 and up to 6, got 0'],
    [{ seed: 1, truncation: Number.NaN }, 'truncation: expected'],
    [{ seed: 1, truncation: 1e9 }, 'truncation: expected'],
    [{ seed: 1, label: 0 }, 'this generator was trained without classes'],
  ])('refuses %o', async (options, message) => {
    const drawing = await sampler(buildGenerator().model);
    await expect(drawing.sample(options)).rejects.toThrow(message);
  });

  test('draws given latents as it draws those of a seed', async () => {
    const { model } = buildGenerator({ latent: 16, height: 5, width: 7, channels: 3 });
    const drawing = await sampler(model, { maxBatch: 2 });
    const wanted = await drawing.sample({ seed: 42, start: 5, count: 3 });
    expect(await drawing.draw({ latents: latentBatch(42, 5, 3, 16) })).toEqual(wanted);
    for (const [latents, message] of [
      [new Float32Array(), 'expected 16 finite numbers for each of 1 to 65536 pictures, got 0'],
      [new Float32Array(17), 'got 17'],
      [new Float32Array(16).fill(Number.NaN), 'got some that are not'],
    ] as const) {
      await expect(drawing.draw({ latents })).rejects.toThrow(message);
    }
    const latents = new Float32Array(16);
    await expect(drawing.draw({ latents, labels: [0] })).rejects.toThrow('without classes');
  });

  test('draws of truncated latents, single pictures and those that a walk passes', async () => {
    const { model, expected } = buildGenerator();
    const drawing = await sampler(model);
    const options = { seed: 3, start: 5, truncation: 0.5 };
    const { data } = await drawing.sample({ ...options, count: 2 });
    const [first, second] = [5, 6].map((index) => expected(3, index, 0.5));
    expect(largestDifference(data, [...first!, ...second!])).toBeLessThanOrEqual(1);
    const walk = await drawing.walk({ ...options, stops: 2, steps: 3, closed: false });
    expect(largestDifference(walk.data.subarray(3 * 784), second!)).toBeLessThanOrEqual(1);
    const refused = drawing.walk({ ...options, stops: 2, steps: 3, closed: false, truncation: -1 });
    await expect(refused).rejects.toThrow('truncation: expected');
  });

  test('draws for many callers at once, and after one of them was refused', async () => {
    const { model, expected } = buildGenerator();
    const [first, second] = [await sampler(model), await sampler(model)];
    const calls = Array.from({ length: 20 }, (_, seed) =>
      (seed % 2 ? first : second).sample({ seed: seed === 10 ? -1 : seed }),
    );
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status).indexOf('rejected')).toBe(10);
    for (const [seed, result] of results.entries()) {
      if (result.status === 'rejected') continue;
      expect(largestDifference(result.value.data, expected(seed, 0))).toBeLessThanOrEqual(1);
    }
  });

  test('gives up a request that is taken back, and draws on for the others', async () => {
    const drawing = await sampler(buildGenerator().model);
    const reason = new Error('no longer wanted');
    const controller = new AbortController();
    const dropped = drawing.sample({ seed: 1, count: 5000, signal: controller.signal });
    const kept = drawing.sample({ seed: 2 });
    controller.abort(reason);
    await expect(dropped).rejects.toBe(reason);
    expect((await kept).count).toBe(1);
  });

  test('does not put more in a run than 64 MiB of pictures', async () => {
    // 3 MiB a picture: 21 of them. All are black.
    const image = { width: 1024, height: 1024, channels: 3, output: 'uint8' } as const;
    const golden = { seed: 1, count: 1, images: Buffer.alloc(3 * 2 ** 20).toString('base64') };
    const { model } = buildGenerator({ alter: (metadata) => ({ ...metadata, image, golden }) });
    const runs: number[] = [];
    const program: Program = {
      description: 'a test',
      inputs: [{ name: 'z', dtype: 'float32', shape: ['N', 100] }],
      outputs: [{ name: 'image', dtype: 'uint8', shape: ['N', 1024, 1024, 3] }],
      traffic: { toDevice: 0, fromDevice: 0 },
      write: async () => {},
      async run({ z }) {
        const count = z!.shape[0]!;
        runs.push(count);
        const data = new Uint8Array(count * 3 * 2 ** 20);
        return { image: { dtype: 'uint8', shape: [count, 1024, 1024, 3], data } };
      },
      read: async () => ({}),
      close: async () => {},
    };
    const drawing = await sampler(model, { open: async () => program });
    await drawing.sample({ seed: 1, count: 22 });
    // The first are the golden samples.
    expect(runs).toEqual([1, 21, 1]);
  });

  test('finishes what was asked for before it is closed', async () => {
    const drawing = await sampler(buildGenerator().model);
    // More than one run of the generator.
    const images = drawing.sample({ seed: 1, count: 200 });
    await drawing.close();
    expect((await images).count).toBe(200);
  });

  test('draws nothing once closed, and may be closed twice', async () => {
    const drawing = await sampler(buildGenerator().model);
    await drawing.close();
    await drawing.close();
    await expect(drawing.sample({ seed: 1 })).rejects.toThrow('the sampler was closed');
  });
});

describe('a model that does not do what its metadata say is refused', () => {
  const blank = (bytes: number): string => Buffer.alloc(bytes).toString('base64');
  const cases: [string, FixtureOptions['alter'] & {}, new (message?: string) => Error, string][] = [
    [
      'golden samples of another model',
      (m) => ({ ...m, golden: { ...m.golden, images: blank(3 * 28 * 28) } }),
      SampleError,
      'levels off, expected at most 1',
    ],
    [
      'golden samples of another size',
      (m) => ({ ...m, golden: { ...m.golden, images: blank(100) } }),
      ModelError,
      'the golden samples have 100 bytes, expected 2352 for 3 pictures',
    ],
    [
      'another latent size',
      (m) => ({ ...m, latent: { ...m.latent, size: 64 } }),
      ModelError,
      "the generator's inputs are z float32 [N, 100]; its metadata says z float32 [N, 64]",
    ],
    [
      'another output',
      (m) => ({ ...m, image: { ...m.image, output: 'float32' } }),
      ModelError,
      "the generator's outputs are image uint8 [N, 28, 28, 1]; its metadata says image float32 [N, 1, 28, 28]",
    ],
    ['a newer format', (m) => ({ ...m, format: 3 }), ModelError, 'format'],
    ['the format of classes, without any', (m) => ({ ...m, format: 2 }), ModelError, 'classes'],
    ['classes in the first format', (m) => ({ ...m, classes: ['a', 'b'] }), ModelError, 'classes'],
  ];
  test.each(cases)('%s', async (_name, alter, kind, message) => {
    let closed = 0;
    const refused = openSampler({
      model: buildGenerator({ alter }).model,
      open: async (bytes) => {
        closed -= 1;
        const program = await onCpu(bytes);
        const close = () => {
          closed += 1;
          return program.close();
        };
        return { ...program, close };
      },
    });
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toThrow(message);
    expect(closed, 'programs that were opened and not closed').toBe(0);
  });

  test('a model that gives fewer pictures than it was given latents', async () => {
    const { model } = buildGenerator();
    const cut: SamplerOptions['open'] = async (bytes) => {
      const program = await onCpu(bytes);
      const run: Program['run'] = async (...parameters) => {
        const { image } = await program.run(...parameters);
        return { image: { ...image!, data: image!.data.slice(784) } };
      };
      return { ...program, run };
    };
    await expect(openSampler({ model, open: cut })).rejects.toThrow(
      'a run of 3 pictures gave 1568 levels, expected 2352',
    );
  });

  test('one level off the golden samples is accepted, two are not', async () => {
    const { expected } = buildGenerator();
    const drawn = await (await sampler(buildGenerator().model)).sample({ seed: 7, count: 3 });
    const shifted = (by: number) => drawn.data.map((v) => (v < 128 ? v + by : v - by));
    const alter =
      (by: number): FixtureOptions['alter'] & {} =>
      (m) => ({
        ...m,
        golden: { ...m.golden, images: Buffer.from(shifted(by)).toString('base64') },
      });
    await sampler(buildGenerator({ alter: alter(1) }).model);
    await expect(sampler(buildGenerator({ alter: alter(2) }).model)).rejects.toThrow(
      '2 levels off',
    );
    expect(largestDifference(drawn.data.subarray(0, 784), expected(7, 0))).toBeLessThanOrEqual(1);
  });
});
