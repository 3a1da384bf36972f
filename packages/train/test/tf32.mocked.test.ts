/** TF32 is off on CUDA unless it is asked for, in each engine in its own way. */
import { resolveNetwork } from '@ganport/model';
import { afterEach, expect, test, vi } from 'vitest';
import { createEngine, initialState } from '../src/index.ts';
import { recipeOf } from './recipes.ts';

const openProgram = vi.hoisted(() => vi.fn());
vi.mock('@ganport/runtime/node', async (original) => ({
  ...(await original<object>()),
  openProgram,
}));

const VARIABLE = 'NVIDIA_TF32_OVERRIDE';
afterEach(() => vi.unstubAllEnvs());

const image = { image: [1, 2, 2] };
const recipe = recipeOf(
  {
    generator: resolveNetwork(
      { inputs: { z: [4] }, layers: [{ type: 'reshape', shape: [1, 2, 2] }] },
      'generator',
    ),
    discriminator: resolveNetwork(
      { inputs: image, layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }] },
      'discriminator',
    ),
  },
  { batch: 2 },
);

async function failToCreate(engine: 'onnxruntime' | 'tensorflow', tf32?: boolean) {
  vi.stubEnv(VARIABLE, undefined);
  openProgram.mockReset().mockRejectedValue(new Error('no GPU here'));
  const options = { engine, device: 'cuda', threads: 1, backends: [] } as const;
  const created = createEngine(recipe, initialState(recipe, 0), {
    ...options,
    ...(tf32 === undefined ? {} : { tf32 }),
  });
  await expect(created).rejects.toThrow();
}

test.each([
  [undefined, false],
  [false, false],
  [true, true],
])(
  'onnxruntime with tf32 %s has CUDA’s option %s, and graphs of its step',
  async (tf32, expected) => {
    await failToCreate('onnxruntime', tf32);
    expect(openProgram.mock.calls.map(([, options]) => options)).toEqual([
      expect.objectContaining({
        device: 'cuda',
        cuda: { tf32: expected, graphs: 'where possible' },
      }),
    ]);
    expect(process.env[VARIABLE]).toBeUndefined();
  },
);

test.each([
  [undefined, '0'],
  [false, '0'],
  [true, undefined],
])('tensorflow with tf32 %s has the variable %s', async (tf32, expected) => {
  await failToCreate('tensorflow', tf32);
  expect(process.env[VARIABLE]).toBe(expected);
});
