/** What draws in a page, in a real Chromium: by its policy, by the GPU it has, and when that is lost. */
import { describe, expect, test } from 'vitest';
import { gpuWork } from '../../../test/chromium.ts';
import type {} from './browser/page.ts';
import { largestDifference } from './fixture.ts';
import {
  type BrowserName,
  chromium,
  drawTwo,
  expected,
  failure,
  large,
  NO_WASM,
  NO_WORKER,
  useWebPages,
  want,
} from './web-pages.ts';

const { visit, onOwnThread } = useWebPages();

describe.skipIf(!chromium)('a page whose policy', () => {
  const seen = [...large.expected(42, 5), ...large.expected(42, 6)];

  test('allows WebAssembly draws large pictures with it', async () => {
    const { page } = await visit('plain');
    const { data, device, reason } = await drawTwo(page, {}, 'large.onnx');
    expect(device).toBe('wasm');
    expect(reason).toBe(
      'a picture takes more than 4000000 multiplications; WebGPU finds no GPU here',
    );
    expect(largestDifference(data, seen)).toBeLessThanOrEqual(1);
  });

  test('forbids WebAssembly draws with the small runtime, and says which directive is in the way', async () => {
    const { page } = await visit('plain', NO_WASM);
    const { data, device, reason } = await drawTwo(page, {}, 'large.onnx');
    expect(device).toBe('javascript');
    expect(reason).toBe(
      "onnxruntime does not run here: the Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src, or take the small runtime",
    );
    expect(largestDifference(data, seen)).toBeLessThanOrEqual(1);
    expect(await failure(page, { runtime: 'onnxruntime' }, 'large.onnx')).toBe(
      "SampleError: the Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src, or take the small runtime",
    );
  });

  test.each(['small', 'onnxruntime'])(
    'forbids workers draws on its own thread, and says so: %s',
    async (runtime) => {
      const { page } = await visit('plain', NO_WORKER);
      const { data, reason } = await drawTwo(page, { runtime });
      expect(reason).toMatch(/; on the page's own thread, for no worker starts: /);
      expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
    },
  );
});

const REAL_ADAPTER =
  'Object.defineProperties(GPUAdapterInfo.prototype, { isFallbackAdapter: { get: () => false } });';

/** A GPU that gives so many devices, none of which does anything. */
const brokenGpu = (devices: number) => {
  const requestDevice = () => {
    devices -= 1;
    if (devices < 0) return Promise.reject(new Error('out of order'));
    return Promise.resolve({ destroy() {} });
  };
  const adapter = { info: {}, features: new Set(), limits: {}, requestDevice };
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  Object.defineProperty(navigator, 'gpu', { value: gpu });
};

describe.skipIf(!chromium)('left to choose, a page draws', () => {
  test.each<[string, BrowserName, string, string, RegExp]>([
    [
      'with WebGPU where the adapter is a real one',
      'gpu',
      REAL_ADAPTER,
      'webgpu',
      /^WebGPU works here;/,
    ],
    [
      'with WebAssembly where WebGPU has a software adapter',
      'gpu',
      '',
      'wasm',
      /^WebGPU has only a software adapter here;/,
    ],
    [
      'with WebAssembly where WebGPU gives no device',
      'plain',
      `(${brokenGpu})(0)`,
      'wasm',
      /^WebGPU gives no device here: out of order;/,
    ],
    [
      'with WebAssembly where WebGPU lets no runtime start',
      'plain',
      `(${brokenGpu})(1)`,
      'wasm',
      /^WebGPU failed: cannot open the model/,
    ],
    [
      'with WebAssembly where WebGPU draws something else',
      'gpu',
      `${REAL_ADAPTER} GPUComputePassEncoder.prototype.dispatchWorkgroups = () => undefined;`,
      'wasm',
      /^WebGPU failed: .* draws the golden samples up to \d+ levels off/,
    ],
  ])('%s', async (_name, browser, script, device, reason) => {
    const page = await onOwnThread(browser, script);
    const got = await drawTwo(page, { runtime: 'onnxruntime' });
    expect(got).toMatchObject({ device, reason: expect.stringMatching(reason) });
    expect(largestDifference(got.data, want)).toBeLessThanOrEqual(1);
    if (device === 'webgpu') expect((await gpuWork(page)).dispatches).toBeGreaterThan(0);
  });
});

test.skipIf(!chromium)(
  'a generator goes on on WebAssembly when the GPU is lost in the middle of a run',
  async () => {
    // Where the device is within reach: in a worker it is not.
    const { page } = await visit('gpu', NO_WORKER);
    const got = await page.evaluate(async () => {
      const devices: GPUDevice[] = [];
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (...options) {
        devices.push(await requestDevice.apply(this, options));
        return devices.at(-1)!;
      };
      const g = await window.web.loadGenerator('generator.onnx', { device: 'webgpu' });
      const before = g.device;
      const asked = [0, 1].map((seed) => g.sample({ seed: 42 + seed, count: 40, as: 'bytes' }));
      await new Promise((resolve) => setTimeout(resolve));
      devices.at(-1)!.destroy();
      const [images] = await Promise.all(asked);
      const after = await g.sample({ seed: 42, start: 5, as: 'bytes' });
      const { device, reason } = g;
      const [first, second] = [Array.from(images!.data.subarray(0, 1680)), Array.from(after.data)];
      return { before, device, reason, first, second };
    });
    expect(got).toMatchObject({ before: 'webgpu', device: 'wasm' });
    expect(got.reason).toMatch(/^the GPU was lost; on the page's own thread/);
    expect(largestDifference(got.first, expected(42, 0))).toBeLessThanOrEqual(1);
    expect(largestDifference(got.second, expected(42, 5))).toBeLessThanOrEqual(1);
    expect((await gpuWork(page)).dispatches).toBeGreaterThan(0);
  },
);
