/** What onnxruntime-web throws when it breaks down is told in one line with a remedy. */
import * as ort from 'onnxruntime-common';
import { expect, test } from 'vitest';
import { openWeb } from '../src/index.ts';

/** onnxruntime-web with sessions of its own. */
const runtimeWith = (create: () => Promise<unknown>) => ({
  ...ort,
  InferenceSession: { create } as unknown as typeof ort.InferenceSession,
});
const model = new Uint8Array();
const BROKEN = 'the WebAssembly runtime broke down (C++ exception 9943304)';
const REMEDY = 'reload the page, or take the other device';

test.each(['wasm', 'webgpu'] as const)('opening on %s', async (device) => {
  const broken = runtimeWith(() => Promise.reject(9943304));
  await expect(openWeb(broken, model, { device })).rejects.toThrow(
    `cannot open the model: ${BROKEN}; ${REMEDY}`,
  );
});

test('a run', async () => {
  const session = {
    inputMetadata: [],
    outputMetadata: [],
    run: () => Promise.reject(9943304),
    release: async () => {},
  };
  const program = await openWeb(
    runtimeWith(async () => session),
    model,
    { device: 'wasm' },
  );
  await expect(program.run({})).rejects.toThrow(`the run failed: ${BROKEN}; ${REMEDY}`);
  await program.close();
});
