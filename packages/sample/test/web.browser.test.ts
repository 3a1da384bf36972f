/** Generators in a page of a bundler's, in a real Chromium: on each runtime, and what they are asked for. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gpuWork } from '../../../test/chromium.ts';
import type {} from './browser/page.ts';
import { largestDifference } from './fixture.ts';
import {
  type BrowserName,
  chromium,
  drawTwo,
  ELSEWHERE,
  expected,
  failure,
  model,
  type Options,
  useWebPages,
  want,
} from './web-pages.ts';

const pages = useWebPages();
const { visit } = pages;

describe.skipIf(!chromium)('a generator', () => {
  const ways: [BrowserName, Options, object][] = [
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
    await page.goto(pages.server.url.replace('127.0.0.1', ELSEWHERE));
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    for (const runtime of ['small', 'onnxruntime']) {
      const { data } = await drawTwo(page, { runtime });
      expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
    }
    pages.server.asked.length = 0;
    const sha256 = createHash('sha256').update(model).digest('hex');
    expect(await failure(page, { sha256 }, 'generator.onnx')).toBe(
      'SampleError: sha256: browsers have no digests in a page that came over plain HTTP: serve it over https, or load the model without sha256',
    );
    // It is said before anything is downloaded.
    expect(pages.server.asked.filter((path) => path.endsWith('.onnx'))).toEqual([]);
  },
);

const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

test.skipIf(!chromium).each<Pick<Options, 'base'>>([{}, { base: 'ort/' }])(
  'a page that is isolated draws with two threads, given %j',
  async (options) => {
    Object.assign(pages.server.headers, ISOLATED);
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
      for (const name of Object.keys(ISOLATED)) delete pages.server.headers[name];
    }
  },
);

describe.skipIf(!chromium)('a generator in a page', () => {
  test('is kept by its digest, and drawn without the network', async () => {
    const { page } = await visit('plain');
    const sha256 = createHash('sha256').update(model).digest('hex');
    await drawTwo(page, { sha256 });
    const { data } = await drawTwo(page, { sha256 });
    expect(pages.server.asked.filter((path) => path.endsWith('.onnx'))).toHaveLength(1);
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
});
