/** The models that presets train with are, node for node, what they were. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { buildRecipe, resolveConfig, resolveGan } from '../src/index.ts';
import { createOnnxRuntimeEngine } from '../src/onnxruntime/engine.ts';

/**
 * SHA-256 of train_step.onnx as onnxruntime gets it. With another graph a resumed run goes on with other
 * rounding: who means that puts the new values here.
 */
const DIGESTS = {
  mlp: '8fe206d243e557931c0b6ffb4c19d87961b7b47ab712d64c4ada7052ad3831d7',
  conv: '83166d58a6c73e3a341d0a08700b40e93a18504591eb7f2442f5918a9016092f',
  quick: 'adfcbe85df2e9f7dc6dc92cd52e0e2d63168623d9f4b131a52ebc0f4d8be5a7c',
} as const;

test.each(Object.entries(DIGESTS))('the step of the preset %s', async (preset, digest) => {
  const config = resolveConfig([['the test', { preset }]]);
  const gan = resolveGan(config, { name: 'the test', channels: 1, height: 28, width: 28 });
  const recipe = buildRecipe(gan, config, { count: 1, read: () => new Uint8Array() });
  const models: Uint8Array[] = [];
  const opening = createOnnxRuntimeEngine(
    recipe,
    {},
    {
      open: async (model) => {
        models.push(model);
        throw new Error('seen');
      },
    },
  );
  await expect(opening).rejects.toThrow('seen');
  expect(models.map((model) => createHash('sha256').update(model).digest('hex'))).toEqual([digest]);
});
