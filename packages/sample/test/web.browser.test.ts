/** Generators in a page of a bundler's, in a real Chromium: on each runtime, from each thread, under each policy. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BundledPage, bundlePage } from '../../../test/bundled-page.ts';
import {
  gpuWork,
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from '../../../test/chromium.ts';
import { type StaticServer, serveStatic } from '../../../test/static-server.ts';
import type {} from './browser/page.ts';
import { buildGenerator, largestDifference } from './fixture.ts';

const chromium = hasChromium();
const ORT = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";

const { model, expected } = buildGenerator({ channels: 3, height: 20 });
const foreign = Buffer.from(
  Buffer.from(model).toString('latin1').replace('ganport', 'another'),
  'latin1',
);
const lying = buildGenerator({ alter: (m) => ({ ...m, image: { ...m.image, width: 30 } }) }).model;
/** More work than `auto` leaves to the small runtime. */
const large = buildGenerator({ latent: 128, height: 160, width: 160, channels: 3 });
/** A name of this machine that is not one to browsers: its pages are no secure contexts. */
const ELSEWHERE = 'elsewhere.test';
let bundle: BundledPage;
let server: StaticServer;
const browsers: Record<'plain' | 'gpu', StartedChromium | undefined> = {
  plain: undefined,
  gpu: undefined,
};
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  bundle = await bundlePage(fileURLToPath(new URL('browser/', import.meta.url)));
  server = await serveStatic({
    'generator.onnx': model,
    'foreign.onnx': foreign,
    'lying.onnx': lying,
    'large.onnx': large.model,
    'cut.onnx': model.subarray(0, 5000),
    'ort/': `${ORT}/`,
    '': `${bundle.folder}/`,
  });
  browsers.plain = await startChromium([`--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`]);
  browsers.gpu = await startChromium([SOFTWARE_WEBGPU]);
}, 120_000);

afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

afterAll(async () => {
  await browsers.plain?.close();
  await browsers.gpu?.close();
  await server?.close();
  await bundle?.remove();
});

async function visit(browser: keyof typeof browsers, policy = POLICY): Promise<OpenedPage> {
  server.headers['content-security-policy'] = policy;
  server.asked.length = 0;
  const page = await browsers[browser]!.open();
  opened.push(page);
  await page.page.goto(server.url);
  return page;
}

type Options = {
  device?: string;
  runtime?: string;
  base?: string;
  sha256?: string;
  threads?: number;
};

/** Loads in the page, draws two pictures, and tells what drew them. */
function drawTwo(page: Page, options: Options, file = 'generator.onnx') {
  return page.evaluate(
    async ([name, given]) => {
      const parts = new Set<string>();
      const g = await window.web.loadGenerator(name as string, {
        ...(given as object),
        onProgress: ({ part, loaded }) => loaded > 1000 && parts.add(part),
      });
      const { data } = await g.sample({ seed: 42, start: 5, count: 2, as: 'bytes' });
      const { device, runtime, reason, description } = g;
      g.dispose();
      return { data: Array.from(data), device, runtime, reason, description, parts: [...parts] };
    },
    [file, options] as const,
  );
}

const want = [...expected(42, 5), ...expected(42, 6)];

describe.skipIf(!chromium)('a generator', () => {
  const ways: [keyof typeof browsers, Options, object][] = [
    ['plain', {}, { device: 'javascript', runtime: 'small', parts: ['model'] }],
    ['plain', { runtime: 'onnxruntime' }, { device: 'wasm', reason: 'WebGPU finds no GPU here' }],
    [
      'plain',
      { runtime: 'onnxruntime', base: 'ort/' },
      { device: 'wasm', parts: ['model', 'runtime'] },
    ],
    ['gpu', { device: 'wasm' }, { device: 'wasm', reason: 'it was asked for' }],
    [
      'gpu',
      { device: 'webgpu' },
      { device: 'webgpu', runtime: 'onnxruntime', reason: 'it was asked for' },
    ],
    ['gpu', { device: 'webgpu', base: 'ort/' }, { device: 'webgpu', runtime: 'onnxruntime' }],
  ];
  test.each(ways)('in %s Chromium with %j draws as everywhere', async (browser, options, facts) => {
    const { page, complaints } = await visit(browser);
    const { data, ...got } = await drawTwo(page, options);
    expect(got).toMatchObject(facts);
    expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
    // Whatever draws does it in a worker.
    expect((await gpuWork(page)).dispatches).toBe(0);
    expect(complaints).toEqual([]);
  });
});

test.skipIf(!chromium)(
  'a thread starts while the model is on its way, and ends if that never comes',
  async () => {
    const { page } = await visit('plain');
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/late.onnx', async (route) => {
      await asked;
      await route.fulfill({ status: 404 });
    });
    const failed = failure(page, {}, 'late.onnx');
    const workers = () => expect.poll(() => page.workers().length, { timeout: 20_000 });
    await workers().toBe(1);
    answer();
    expect(await failed).toMatch(/the server answered 404/);
    await workers().toBe(0);
  },
);

test.skipIf(!chromium)(
  'a page over plain HTTP draws, and says that it has no digests',
  async () => {
    const { page } = await visit('plain');
    await page.goto(server.url.replace('127.0.0.1', ELSEWHERE));
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    for (const runtime of ['small', 'onnxruntime']) {
      const { data } = await drawTwo(page, { runtime });
      expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
    }
    server.asked.length = 0;
    const sha256 = createHash('sha256').update(model).digest('hex');
    expect(await failure(page, { sha256 }, 'generator.onnx')).toBe(
      'SampleError: sha256: browsers have no digests in a page that came over plain HTTP: serve it over https, or load the model without sha256',
    );
    // It is said before anything is downloaded.
    expect(server.asked.filter((path) => path.endsWith('.onnx'))).toEqual([]);
  },
);

const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

test.skipIf(!chromium).each<Pick<Options, 'base'>>([{}, { base: 'ort/' }])(
  'a page that is isolated draws with two threads, given %j',
  async (options) => {
    Object.assign(server.headers, ISOLATED);
    try {
      const { page, complaints } = await visit('plain');
      const g = await page.evaluateHandle(
        (given) =>
          window.web.loadGenerator('generator.onnx', { ...given, device: 'wasm', threads: 2 }),
        options,
      );
      // The one that draws has another.
      expect(page.workers()).toHaveLength(2);
      const draw = () => g.evaluate((it) => it.sample({ seed: 42, start: 5, as: 'bytes' }));
      const { data } = await draw();
      expect(
        largestDifference(Object.values(data), want.slice(0, want.length / 2)),
      ).toBeLessThanOrEqual(1);
      await g.evaluate((it) => it.dispose());
      await expect.poll(() => page.workers(), { timeout: 20_000 }).toHaveLength(0);
      expect(complaints).toEqual([]);
    } finally {
      for (const name of Object.keys(ISOLATED)) delete server.headers[name];
    }
  },
);

/** What is thrown in the page, as its name and message. */
function failure(page: Page, options: Options, file: string): Promise<string> {
  return page.evaluate(
    ([name, given]) =>
      window.web.loadGenerator(name as string, given as object).then(
        () => 'nothing',
        (error: Error) => `${error.name}: ${error.message}`,
      ),
    [file, options] as const,
  );
}

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

const NO_WASM = POLICY.replace(" 'wasm-unsafe-eval'", '');
const NO_WORKER = POLICY.replace("worker-src 'self'", "worker-src 'none'");

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

/** Where the GPU is within a test's reach: in a worker it is not. */
async function onOwnThread(browser: keyof typeof browsers, script: string): Promise<Page> {
  server.headers['content-security-policy'] = NO_WORKER;
  const page = await browsers[browser]!.open();
  opened.push(page);
  await page.page.addInitScript(script);
  await page.page.goto(server.url);
  return page.page;
}

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
  test.each<[string, keyof typeof browsers, string, string, RegExp]>([
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

describe.skipIf(!chromium)('a generator in a page', () => {
  test('is kept by its digest, and drawn without the network', async () => {
    const { page } = await visit('plain');
    const sha256 = createHash('sha256').update(model).digest('hex');
    await drawTwo(page, { sha256 });
    const { data } = await drawTwo(page, { sha256 });
    expect(server.asked.filter((path) => path.endsWith('.onnx'))).toHaveLength(1);
    expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
  });

  test('draws where nothing may be stored', async () => {
    const { page, complaints } = await visit('plain');
    await page.evaluate(() => {
      const get = () => {
        throw new DOMException('denied', 'SecurityError');
      };
      for (const name of ['caches', 'localStorage', 'sessionStorage', 'indexedDB']) {
        Object.defineProperty(window, name, { get });
      }
    });
    const sha256 = createHash('sha256').update(model).digest('hex');
    const { data } = await drawTwo(page, { sha256 });
    expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
    expect(complaints).toEqual([]);
  });

  test('draws onto canvases, with and without a 2D context', async () => {
    const { page } = await visit('plain');
    const [fresh, drawn] = await page.evaluate(async () => {
      const g = await window.web.loadGenerator('generator.onnx');
      const pixels = async (canvas: HTMLCanvasElement) => {
        await g.draw(canvas, { seed: 42, start: 5, count: 3, columns: 2 });
        const copy = Object.assign(document.createElement('canvas'), { width: 56, height: 40 });
        const context = copy.getContext('2d')!;
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, 56, 40);
        return { width: canvas.width, height: canvas.height, data: Array.from(data) };
      };
      const second = document.createElement('canvas');
      second.getContext('2d');
      return [await pixels(document.createElement('canvas')), await pixels(second)];
    });
    expect(drawn).toEqual(fresh);
    expect([drawn!.width, drawn!.height]).toEqual([56, 40]);
    // Picture 6 is right of picture 5, and 7 beneath that.
    const at = (x: number, y: number) => drawn!.data.slice(4 * (y * 56 + x), 4 * (y * 56 + x) + 4);
    const level = (index: number, x: number, y: number) => {
      const picture = expected(42, index);
      return [...picture.subarray(3 * (y * 28 + x), 3 * (y * 28 + x) + 3), 255];
    };
    expect(largestDifference(at(3, 2), level(5, 3, 2))).toBeLessThanOrEqual(1);
    expect(largestDifference(at(31, 2), level(6, 3, 2))).toBeLessThanOrEqual(1);
    expect(largestDifference(at(3, 22), level(7, 3, 2))).toBeLessThanOrEqual(1);
    expect(at(31, 22)).toEqual([0, 0, 0, 0]);
  });

  test('gives numbers, walks and pictures of latents', async () => {
    const { page } = await visit('plain');
    const got = await page.evaluate(async () => {
      const g = await window.web.loadGenerator('generator.onnx');
      const [picture] = await g.sample({ seed: 42 });
      const numbers = await g.sample({ seed: 42, as: 'float32' });
      const walk = await g.sample({ seed: 42, start: 0, stops: 2, steps: 4, closed: false });
      const flat = await g.sample({ latents: new Float32Array(100), as: 'bytes' });
      return {
        first: Array.from(picture!.data.subarray(0, 8)),
        numbers: Array.from(numbers.subarray(0, 2)),
        same: picture!.data.every((level, i) => level === walk[0]!.data[i]),
        walk: walk.length,
        flat: [...new Set(flat.data)],
      };
    });
    const [red, green, blue, next] = expected(42, 0);
    expect(got.first.slice(0, 5)).toEqual([red, green, blue, 255, next]);
    expect(got.numbers[0]).toBeCloseTo(red! / 127.5 - 1, 6);
    expect(got.numbers[1]).toBeCloseTo(next! / 127.5 - 1, 6);
    expect(got).toMatchObject({ same: true, walk: 5, flat: [128] });
  });

  test('takes requests back, goes on afterwards, and ends', async () => {
    const { page } = await visit('plain');
    const got = await page.evaluate(async () => {
      const g = await window.web.loadGenerator('generator.onnx', { runtime: 'small' });
      const controller = new AbortController();
      const { signal } = controller;
      const began = performance.now();
      const many = g.sample({ seed: 1, count: 10_000, signal }).catch(String);
      setTimeout(() => controller.abort(new Error('no longer')), 50);
      const answer = await many;
      const next = (await g.sample({ seed: 1 })).length;
      const took = performance.now() - began;
      const last = g.sample({ seed: 1, count: 10_000 }).catch(String);
      g.dispose();
      return [answer, next, took < 5000, await last, await g.sample({ seed: 1 }).catch(String)];
    });
    const ended = 'SampleError: the generator was disposed of';
    expect(got).toEqual(['Error: no longer', 1, true, ended, ended]);
  });

  test('that is not wanted any more is not loaded', async () => {
    const { page } = await visit('plain');
    const got = await page.evaluate(async () => {
      const load = (signal: AbortSignal) =>
        window.web
          .loadGenerator('generator.onnx', { runtime: 'onnxruntime', signal })
          .catch(String);
      const late = new AbortController();
      const loading = load(late.signal);
      setTimeout(() => late.abort(new Error('late')), 200);
      return [await load(AbortSignal.abort(new Error('early'))), await loading];
    });
    expect(got).toEqual(['Error: early', 'Error: late']);
  });

  test('goes on on WebAssembly when the GPU is lost in the middle of a run', async () => {
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
  });
});
