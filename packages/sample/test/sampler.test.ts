import { ModelError } from '@ganport/model';
import { OnnxError } from '@ganport/onnx';
import * as ort from 'onnxruntime-node';
import { afterEach, describe, expect, test } from 'vitest';
import { createSampler, SampleError, type Sampler } from '../src/index.ts';
import { loadGenerator } from '../src/node.ts';
import {
  buildGenerator,
  type FixtureOptions,
  largestDifference,
  writeTemporary,
} from './fixture.ts';

const open: Sampler[] = [];
afterEach(async () => {
  for (const sampler of open.splice(0)) await sampler.release();
});

async function sampler(model: Uint8Array): Promise<Sampler> {
  const created = await createSampler({ model, ort, providers: ['cpu'] });
  open.push(created);
  return created;
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

  test('draws the same picture however the batch was cut', async () => {
    const drawing = await sampler(buildGenerator().model);
    const size = 28 * 28;
    // 150 is more than two runs of the generator.
    const { data: together } = await drawing.sample({ seed: 3, start: 10, count: 150 });
    for (const [start, count] of [
      [10, 1],
      [11, 2],
      [73, 70],
      [159, 1],
    ] as const) {
      const { data } = await drawing.sample({ seed: 3, start, count });
      const from = (start - 10) * size;
      expect(data).toEqual(together.subarray(from, from + count * size));
    }
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
    [{ seed: 2 ** 53 }, 'seed: expected'],
    [{ seed: Number.NaN }, 'seed: expected'],
    [{ seed: 1, start: 2 ** 32 }, 'start: expected an integer from 0 to 4294967295'],
    [{ seed: 1, count: 0 }, 'count: expected an integer from 1 to 65536, got 0'],
    [{ seed: 1, count: 65_537 }, 'count: expected'],
    [{ seed: 1, start: 2 ** 32 - 1, count: 2 }, 'count: expected an integer from 1 to 1, got 2'],
  ])('refuses %o', async (options, message) => {
    const drawing = await sampler(buildGenerator().model);
    await expect(drawing.sample(options)).rejects.toThrow(message);
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

  test('never has two calls in one runtime at once', async () => {
    let running = 0;
    let most = 0;
    const alone = async <T>(call: () => Promise<T>): Promise<T> => {
      running += 1;
      most = Math.max(most, running);
      try {
        return await call();
      } finally {
        running -= 1;
      }
    };
    const watched = {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: async (...parameters: Parameters<typeof ort.InferenceSession.create>) => {
          const session = await alone(() => ort.InferenceSession.create(...parameters));
          const run = session.run.bind(session);
          session.run = ((feeds: ort.InferenceSession.FeedsType) =>
            alone(() => run(feeds))) as typeof session.run;
          return session;
        },
      } as typeof ort.InferenceSession,
    };
    const { model } = buildGenerator();
    const creating = [1, 2].map(() => createSampler({ model, ort: watched, providers: ['cpu'] }));
    const created = await Promise.all(creating);
    open.push(...created);
    await Promise.all(created.flatMap((one) => [one.sample({ seed: 1 }), one.sample({ seed: 2 })]));
    expect(most).toBe(1);
  });

  test('finishes what was asked for before it is released', async () => {
    const drawing = await sampler(buildGenerator().model);
    // More than one run of the generator.
    const images = drawing.sample({ seed: 1, count: 200 });
    await drawing.release();
    expect((await images).count).toBe(200);
  });

  test('draws nothing once released, and may be released twice', async () => {
    const drawing = await sampler(buildGenerator().model);
    await drawing.release();
    await drawing.release();
    await expect(drawing.sample({ seed: 1 })).rejects.toThrow('the sampler was released');
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
    ['a newer format', (m) => ({ ...m, format: 2 }), ModelError, 'format'],
  ];
  test.each(cases)('%s', async (_name, alter, kind, message) => {
    const refused = createSampler({
      model: buildGenerator({ alter }).model,
      ort,
      providers: ['cpu'],
    });
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toThrow(message);
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

describe('a file', () => {
  const { model } = buildGenerator();
  const foreign = buildGenerator({ alter: () => ({ hello: 'world' }) }).model;
  const cases: [string, Uint8Array, new (message?: string) => Error, string][] = [
    ['empty', new Uint8Array(), OnnxError, 'the file is empty'],
    [
      'garbage',
      Buffer.from('\xff\xd8\xff\xe0 a photograph', 'latin1'),
      OnnxError,
      'not an ONNX model',
    ],
    ['cut in half', model.subarray(0, model.length / 2), OnnxError, 'a damaged one'],
    ['without its last byte', model.subarray(0, -1), OnnxError, 'a damaged one'],
    ['not ours', foreign, ModelError, 'metadata is not valid'],
  ];
  test.each(cases)(
    'that is %s is refused in one line that names it',
    async (_name, bytes, kind, message) => {
      const { path, remove } = await writeTemporary(bytes);
      const refused = loadGenerator(path);
      await expect(refused).rejects.toThrow(kind);
      await expect(refused).rejects.toThrow(message);
      await refused.catch((error: Error) => {
        expect(error.message.startsWith(`${path}: `)).toBe(true);
        expect(error.message).not.toContain('\n');
      });
      await remove();
    },
  );

  test('that is missing, or a folder, is refused', async () => {
    await expect(loadGenerator('/nowhere/g.onnx')).rejects.toThrow(
      '/nowhere/g.onnx: there is no such file',
    );
    await expect(loadGenerator('/tmp')).rejects.toThrow('/tmp: it is a folder');
  });

  test('whose graph onnxruntime cannot load is refused', async () => {
    const broken = Buffer.from(model);
    broken.write('Gxmm', broken.indexOf('Gemm'), 'latin1');
    const { path, remove } = await writeTemporary(broken);
    await expect(loadGenerator(path)).rejects.toThrow(
      /onnxruntime cannot load the model on cpu: .*Gxmm/,
    );
    await remove();
  });

  test('loads on the CPU, says why, and is refused on a device that is missing', async () => {
    const { path, remove } = await writeTemporary(model);
    const loaded = await loadGenerator(path);
    open.push(loaded.sampler);
    expect(loaded).toMatchObject({ device: 'cpu', why: 'CUDA is not installed' });
    expect(loaded.sha256).toMatch(/^[0-9a-f]{64}$/);
    await expect(loadGenerator(path, { device: 'cuda' })).rejects.toThrow('ganport doctor');
    await remove();
  });
});
