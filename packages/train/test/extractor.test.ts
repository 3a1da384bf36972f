/** Models of features: what fits, and what is refused in one line. */
import { buildModel, type Dim, encodeModel, input, ops, type Value } from '@ganport/onnx';
import type { Program } from '@ganport/runtime';
import { openProgram } from '@ganport/runtime/node';
import { expect, test } from 'vitest';
import { createExtractor } from '../src/evaluate/extractor.ts';

const SIZE = { channels: 1, height: 2, width: 3 };

async function opened<T>(
  shape: Dim[],
  make: (x: Value) => Record<string, Value>,
  use: (program: Program) => T | Promise<T>,
  dtype: 'float32' | 'uint8' = 'float32',
): Promise<T> {
  const image = input('image', dtype, shape);
  const model = buildModel({ name: 'features', inputs: [image], outputs: make(image) });
  const program = await openProgram(encodeModel(model), { device: 'cpu' });
  try {
    return await use(program);
  } finally {
    await program.close();
  }
}

const flat = (x: Value) => ops.Reshape(x, [x.shape[0]!, 6]);

test('features are the same however many images there are', async () => {
  const images = Float32Array.from({ length: 6 * 130 }, (_, i) => Math.sin(i));
  await opened(
    ['N', 1, 2, 3],
    (x) => ({ any: flat(x) }),
    async (program) => {
      const { dim, classes, extract } = createExtractor(program, { size: SIZE, what: 'm' });
      expect([dim, classes]).toEqual([6, undefined]);
      expect((await extract(images)).features).toEqual(images);
      expect((await extract(images.subarray(0, 6))).features).toEqual(images.subarray(0, 6));
    },
  );
});

test.each([
  [
    'more channels that are no colours',
    ['N', 2, 2, 3],
    (x: Value) => ({ y: ops.Reshape(x, ['N', 12]) }),
    'm: expected one input, images [N, C, H, W] float32 or uint8 that can be made of [N, 1, 2, 3], got float32 [N, 2, 2, 3]; it takes 2 channels, the images have 1: name another, or give pictures as many (--channels)',
  ],
  [
    'channels that come last',
    ['N', 2, 3, 1],
    (x: Value) => ({ y: ops.Reshape(x, ['N', 6]) }),
    'it takes 2 channels, the images have 1: put a Transpose before it if they come last',
  ],
  [
    'no images',
    ['N', 6],
    (x: Value) => ({ y: x }),
    'got float32 [N, 6]; put a Reshape before its input',
  ],
  [
    'what draws them',
    ['N', 64],
    (x: Value) => ({ y: x }),
    'got float32 [N, 64]; it takes no images: name another',
  ],
  ['a fixed batch', [4, 1, 2, 3], (x: Value) => ({ y: flat(x) }), 'export it with a dynamic batch'],
  [
    'no vector',
    ['N', 1, 2, 3],
    (x: Value) => ({ y: ops.Neg(x) }),
    /^m: expected an output float32 \[N, size\], .*; put a GlobalAveragePool and a Flatten behind it$/,
  ],
  [
    'two outputs',
    ['N', 1, 2, 3],
    (x: Value) => ({ a: flat(x), b: ops.Neg(flat(x)) }),
    'call the one that has them "features"',
  ],
] as const)('%s is refused', async (_, shape, make, message) => {
  await opened([...shape], make, (program) => {
    expect(() => createExtractor(program, { size: SIZE, what: 'm' })).toThrow(message);
  });
});

test.each([
  ['-1..1', [-1, 0, 1]],
  ['0..1', [0, 0.5, 1]],
  ['0..255', [0, 127.5, 255]],
] as const)('black, grey and white are %s to a model that takes such', async (range, expected) => {
  await opened(
    ['N', 1, 1, 3],
    (x) => ({ y: ops.Reshape(x, ['N', 3]) }),
    async (program) => {
      const size = { channels: 1, height: 1, width: 3 };
      const { extract } = createExtractor(program, { size, what: 'm', range });
      const { features } = await extract(Float32Array.of(-1, 0, 1));
      expect([...features]).toEqual(expected);
    },
  );
});

test('images are resized and grey is made colour where the model takes another size; features may be planes', async () => {
  await opened(
    ['N', 3, 1, 4],
    (x) => ({ y: ops.Reshape(x, ['N', 12, 1, 1]) }),
    async (program) => {
      const size = { channels: 1, height: 1, width: 2 };
      const { dim, extract } = createExtractor(program, { size, what: 'm' });
      expect(dim).toBe(12);
      const line = [-1, -0.5, 0.5, 1];
      const { features } = await extract(Float32Array.of(-1, 1));
      expect([...features]).toEqual([...line, ...line, ...line]);
    },
  );
});

test('a model of bytes gets them rounded, in planes, and no range', async () => {
  await opened(
    ['N', 3, 1, 2],
    (x) => ({ y: ops.Reshape(ops.Cast(x, 'float32'), ['N', 6]) }),
    async (program) => {
      const size = { channels: 3, height: 1, width: 1 };
      const { extract } = createExtractor(program, { size, what: 'm' });
      const { features } = await extract(Float32Array.of(-1, 0.001, 1));
      expect([...features]).toEqual([0, 0, 128, 128, 255, 255]);
      expect(() => createExtractor(program, { size, what: 'm', range: '0..1' })).toThrow(
        'm: it takes bytes, whose range is 0..255: expected none of its own, got 0..1',
      );
    },
    'uint8',
  );
});

test('features that are not finite are told', async () => {
  await opened(
    ['N', 1, 2, 3],
    (x) => ({ y: flat(ops.Log(x)) }),
    async (program) => {
      const { extract } = createExtractor(program, { size: SIZE, what: 'm' });
      await expect(extract(new Float32Array(6).fill(-1))).rejects.toThrow(
        'm: expected 6 finite features, got some that are not: it may take images of another range',
      );
    },
  );
});

test.each([
  ['a size that it leaves open', [['float32', ['N', 'K']]], 'export it with that size fixed'],
  ['doubles', [['float64', ['N', 6]]], 'put a Cast behind it'],
] as const)('%s: what to do is told', (_, outputs, remedy) => {
  const model = {
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 1, 2, 3] }],
    outputs: outputs.map(([dtype, shape]) => ({ name: 'y', dtype, shape })),
  } as unknown as Program;
  expect(() => createExtractor(model, { size: SIZE, what: 'm' })).toThrow(remedy);
});
