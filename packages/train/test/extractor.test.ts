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
): Promise<T> {
  const image = input('image', 'float32', shape);
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
      const { dim, classes, extract } = createExtractor(program, SIZE, 'm');
      expect([dim, classes]).toEqual([6, undefined]);
      expect((await extract(images)).features).toEqual(images);
      expect((await extract(images.subarray(0, 6))).features).toEqual(images.subarray(0, 6));
    },
  );
});

test.each([
  [
    'another size',
    ['N', 1, 2, 4],
    (x: Value) => ({ y: ops.Reshape(x, ['N', 8]) }),
    'm: expected one input, images [N, 1, 2, 3] float32 or uint8, got float32 [N, 1, 2, 4]; put a Resize',
  ],
  ['a fixed batch', [4, 1, 2, 3], (x: Value) => ({ y: flat(x) }), 'export it with a dynamic batch'],
  [
    'no vector',
    ['N', 1, 2, 3],
    (x: Value) => ({ y: ops.Neg(x) }),
    'm: expected an output float32 [N, size]',
  ],
  [
    'two outputs',
    ['N', 1, 2, 3],
    (x: Value) => ({ a: flat(x), b: ops.Neg(flat(x)) }),
    'named "features" if it is not the only one',
  ],
] as const)('%s is refused', async (_, shape, make, message) => {
  await opened([...shape], make, (program) => {
    expect(() => createExtractor(program, SIZE, 'm')).toThrow(message);
  });
});

test('features that are not finite are told', async () => {
  await opened(
    ['N', 1, 2, 3],
    (x) => ({ y: flat(ops.Log(x)) }),
    async (program) => {
      const { extract } = createExtractor(program, SIZE, 'm');
      await expect(extract(new Float32Array(6).fill(-1))).rejects.toThrow(
        'm: expected 6 finite features, got some that are not finite',
      );
    },
  );
});
