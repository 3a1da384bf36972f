/** `Program` over onnxruntime-web's WebAssembly, in Node. In a page: browser.test.ts. */
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { openWeb } from '../src/index.ts';
import { accumulator } from './program/models.ts';
import { programSuite } from './program-suite.ts';

ort.env.wasm.numThreads = 1;

programSuite(
  'onnxruntime-web on WebAssembly',
  (model, options) => openWeb(ort, model, { ...options, device: 'wasm' }),
  { stateStays: false, cancels: false, slowProducts: 50 },
);

test('WebGPU, which Node does not have, is refused in one line', async () => {
  await expect(openWeb(ort, accumulator(), { device: 'webgpu' })).rejects.toThrow(
    /^cannot open the model: .*webgpu.*$/i,
  );
});
