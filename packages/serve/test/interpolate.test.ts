/** `POST /v1/interpolate`: ends are what other addresses draw, what is between is on the sphere, forms, errors. */
import { latents } from '@ganport/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  writeTemporary,
} from '../../sample/test/fixture.ts';
import { type RunningServer, startServer } from '../src/index.ts';

const SIZE = 16;
const { model, expected } = buildGenerator({ latent: SIZE, height: 5, width: 4 });
const file = await writeTemporary(model);
let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
});
afterAll(async () => {
  await server.close();
  await file.remove();
});

const post = (path: string, body: unknown) =>
  fetch(new URL(path, server.url), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
const walk = (body: object) => post('/v1/interpolate', body);

async function framesOf(body: object): Promise<Uint8Array[]> {
  const response = await walk({ ...body, format: 'frames' });
  expect(response.status).toBe(200);
  const { frames } = await response.json();
  const pictures: Uint8Array[] = [];
  for (const frame of frames) {
    const picture = await decodePicture(Buffer.from(frame, 'base64'));
    expect(picture).toMatchObject({ width: 4, height: 5, channels: 1 });
    pictures.push(picture.data);
  }
  return pictures;
}

/** What `/v2` draws of a latent. */
async function drawn(z: Float32Array): Promise<Uint8Array> {
  const input = { name: 'z', datatype: 'FP32', shape: [1, SIZE], data: Array.from(z) };
  const { outputs } = await (await post('/v2/models/fixture/infer', { inputs: [input] })).json();
  return Uint8Array.from(outputs[0].data);
}

const from = { seed: 3, index: 1 };
const to = { seed: 9 };

test('ends are the pictures of their seeds, and the middle has their mean direction', async () => {
  const frames = await framesOf({ from, to, steps: 5 });
  expect(frames).toHaveLength(5);
  expect(largestDifference(frames[0]!, expected(3, 1))).toBeLessThanOrEqual(1);
  expect(largestDifference(frames[4]!, expected(9, 0))).toBeLessThanOrEqual(1);
  // Halfway on a sphere is the sum of both directions, as long as both are on average.
  const [a, b] = [latents(3, 1, SIZE), latents(9, 0, SIZE)];
  const unit = (v: Float32Array) => v.map((x) => x / Math.hypot(...v));
  const sum = unit(a).map((x, i) => x + unit(b)[i]!);
  const length = (Math.hypot(...a) + Math.hypot(...b)) / 2;
  const middle = await drawn(unit(sum).map((x) => x * length));
  expect(largestDifference(frames[2]!, middle)).toBeLessThanOrEqual(1);
  const straight = await framesOf({ from, to, steps: 3, interpolation: 'linear' });
  const mean = await drawn(a.map((x, i) => (x + b[i]!) / 2));
  expect(largestDifference(straight[1]!, mean)).toBeLessThanOrEqual(1);
  expect(largestDifference(straight[1]!, frames[2]!)).toBeGreaterThan(1);
});

test('an end may be a latent, and seeds may be truncated', async () => {
  const latent = Array.from(latents(3, 1, SIZE));
  const [given] = await framesOf({ from: { latent }, to, steps: 2 });
  expect(largestDifference(given!, expected(3, 1))).toBeLessThanOrEqual(1);
  const [, cut] = await framesOf({ from: { latent }, to, steps: 2, truncation: 0.5 });
  expect(largestDifference(cut!, expected(9, 0, 0.5))).toBeLessThanOrEqual(1);
});

test('it comes as an animation, and as a grid', async () => {
  const animated = await walk({ from, to, steps: 7, fps: 25 });
  expect(animated.headers.get('content-type')).toBe('image/webp');
  // https://developers.google.com/speed/webp/docs/riff_container#animation
  const bytes = Buffer.from(await animated.bytes());
  const frames = [...bytes.toString('latin1').matchAll(/ANMF/g)].map(({ index }) => {
    const at = index + 8;
    const size = [bytes.readUIntLE(at + 6, 3) + 1, bytes.readUIntLE(at + 9, 3) + 1];
    return [...size, bytes.readUIntLE(at + 12, 3)];
  });
  expect(frames).toEqual(Array(7).fill([4, 5, 40]));
  const grid = await walk({ from, to, steps: 4, format: 'grid' });
  expect(grid.headers.get('content-type')).toBe('image/png');
  const picture = await decodePicture(await grid.bytes());
  expect(picture).toMatchObject({ width: 8, height: 10 });
});

test.each([
  [{ to }, 'from is missing: expected an object'],
  [{ from, to: {} }, 'to.seed is missing: expected one of seed and latent'],
  [{ from: { ...from, latent: [1] }, to }, 'from.latent: expected one of seed and latent'],
  [{ from: { latent: [1], index: 1 }, to }, 'from.index: expected none of a latent, got 1'],
  [{ from: { latent: [1] }, to }, 'from.latent: expected 16 numbers, got 1'],
  [{ from: { latent: Array(16).fill('x') }, to }, 'from.latent.0: expected a number, got "x"'],
  [{ from: { seed: -1 }, to }, 'from.seed: expected a whole number from 0 to 9007199254740991'],
  [{ from, to, steps: 1 }, 'steps: expected a whole number from 2 to 256, got 1'],
  [{ from, to, steps: 257 }, 'steps: expected a whole number from 2 to 256, got 257'],
  [{ from, to, fps: 0 }, 'fps: expected a whole number from 1 to 50, got 0'],
  [{ from, to, interpolation: 'cubic' }, 'interpolation: expected slerp or linear, got "cubic"'],
  [{ from, to, format: 'gif' }, 'format: expected grid, webp or frames, got "gif"'],
  [{ from, to, class: 1 }, 'class: this generator was trained without classes'],
  [{ from, to, slerp: true }, 'it takes no "slerp"'],
])('%j is a 400 that names what is wrong', async (body, message) => {
  const response = await walk(body);
  expect(response.status).toBe(400);
  expect((await response.json()).error.message).toContain(message);
});

test('the body names the model, unless the address does', async () => {
  const wide = await writeTemporary(buildGenerator({ latent: 300, width: 9 }).model);
  const two = await startServer({
    ...{ port: 0, pageDir: '/tmp' },
    model: [
      { name: 'small', model: file.path },
      { name: 'wide', model: wide.path },
    ],
  });
  const ask = async (path: string, model?: string, end: object = from) => {
    const body = JSON.stringify({ from: end, to, steps: 2, format: 'grid', model });
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(new URL(path, two.url), { method: 'POST', body, headers });
    const { width } = response.ok ? await decodePicture(await response.bytes()) : {};
    return [response.status, width];
  };
  // Two pictures side by side.
  expect(await ask('v1/interpolate')).toEqual([200, 8]);
  expect(await ask('v1/interpolate', 'wide')).toEqual([200, 18]);
  expect(await ask('models/wide/v1/interpolate', 'wide')).toEqual([200, 18]);
  expect(await ask('models/wide/v1/interpolate', 'small')).toEqual([404, undefined]);
  expect(await ask('v1/interpolate', 'other')).toEqual([404, undefined]);
  // More than the small one's bodies may have.
  const latent = Array.from(latents(1, 2, 300));
  expect(await ask('v1/interpolate', 'wide', { latent })).toEqual([200, 18]);
  await two.close();
  await wide.remove();
});
