/** Training with onnxruntime-web on WebAssembly, in Node, beside the CPU. In a page: web-training.browser.test.ts. */
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { createEngine } from '../src/index.ts';
import { createWebEngine } from '../src/web.ts';
import { expectSameTraining } from './same-training.ts';
import { CASE_NAMES, trainOn } from './web-training.ts';

ort.env.wasm.numThreads = 1;

test.each(CASE_NAMES)('%s has the same losses on WebAssembly as on the CPU', async (name) => {
  const onCpu = { engine: 'onnxruntime', device: 'cpu', threads: 1 } as const;
  const expected = await trainOn((...of) => createEngine(...of, onCpu), name);
  const got = await trainOn((...of) => createWebEngine(ort, ...of, { device: 'wasm' }), name);
  expect(got.description).toMatch(/^onnxruntime-web \S+ on WebAssembly$/);
  expectSameTraining(got, expected);
});

test('WebGPU, which Node does not have, is refused in one line', async () => {
  const creating = trainOn((...of) => createWebEngine(ort, ...of, { device: 'webgpu' }), 'conv');
  await expect(creating).rejects.toThrow(/^cannot open the model: .*webgpu.*$/i);
});
