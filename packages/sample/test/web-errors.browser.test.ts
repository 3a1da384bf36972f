/** What is wrong with a generator in a page is said in one line. */
import { describe, expect, test } from 'vitest';
import type {} from './browser/page.ts';
import { chromium, failure, type Options, useWebPages } from './web-pages.ts';

const { visit } = useWebPages();

describe.skipIf(!chromium)('bad input is one line', () => {
  const OWN = 'SampleError: ';
  test.each<[string, string, Options, string | RegExp]>([
    [
      'no file',
      'none.onnx',
      {},
      /^SampleError: the model: the server answered 404 for http\S+none\.onnx$/,
    ],
    [
      'a page',
      'index.html',
      {},
      /^SampleError: the model: \S+ is a page of HTML; is the address right\?$/,
    ],
    ['a file that is cut off', 'cut.onnx', {}, `${OWN}the model is cut off`],
    [
      "another's model",
      'foreign.onnx',
      {},
      `${OWN}the model was not written by \`ganport export\``,
    ],
    [
      'metadata that lie',
      'lying.onnx',
      { runtime: 'onnxruntime' },
      /^ModelError: the generator's outputs are image uint8 \[N, 28, 28, 1\]; its metadata says/,
    ],
    [
      'metadata that lie',
      'lying.onnx',
      { runtime: 'small' },
      'ModelError: the golden samples have 2352 bytes, expected 2520 for 3 pictures',
    ],
    [
      'no runtime',
      'large.onnx',
      { runtime: 'onnxruntime', base: 'nowhere/' },
      /^SampleError: the runtime: the server answered 404 for \S+ort-wasm-simd-threaded\.wasm$|^SampleError: the runtime's script cannot be loaded/,
    ],
    [
      'no such device',
      'generator.onnx',
      { device: 'gpu' },
      `${OWN}device: expected auto, webgpu, wasm, javascript, got "gpu"`,
    ],
    [
      'no such runtime',
      'generator.onnx',
      { runtime: 'tiny' },
      `${OWN}runtime: expected auto, onnxruntime, small, got "tiny"`,
    ],
    [
      'a GPU for the small runtime',
      'generator.onnx',
      { runtime: 'small', device: 'webgpu' },
      `${OWN}device: the runtime "small" has no "webgpu"`,
    ],
    [
      'threads where there are none',
      'generator.onnx',
      { threads: 2 },
      `${OWN}threads: 2 need a page that is cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp`,
    ],
    [
      'no number of threads',
      'generator.onnx',
      { threads: 0.5 },
      `${OWN}threads: expected a whole number from 1 to 16, got 0.5`,
    ],
    [
      'another digest',
      'generator.onnx',
      { sha256: '0'.repeat(64) },
      /^SampleError: the model at \S+: expected SHA-256 0{64}, got [0-9a-f]{64}$/,
    ],
  ])('%s: %s with %j', async (_name, file, options, message) => {
    const { page } = await visit('plain');
    expect(await failure(page, options, file)).toMatch(message);
  });

  test('of requests, which leave others alone', async () => {
    const { page } = await visit('plain');
    const answers = await page.evaluate(async () => {
      const g = await window.web.loadGenerator('generator.onnx');
      const asked = [{ seed: -1 }, { seed: 1, label: 2 }, { seed: 1 }, { seed: 1, count: 0 }];
      const all = await Promise.allSettled(asked.map((wanted) => g.sample(wanted)));
      return all.map((one) => (one.status === 'fulfilled' ? one.value.length : one.reason.message));
    });
    expect(answers).toEqual([
      'seed: expected an integer from 0 to 9007199254740991, got -1',
      'this generator was trained without classes: none can be asked for (`ganport train --preset cdcgan` trains one with)',
      1,
      'count: expected an integer from 1 to 65536, got 0',
    ]);
  });
});
