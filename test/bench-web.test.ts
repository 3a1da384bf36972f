/** `bench web` without a browser: what TensorFlow.js is given, what is counted, what is said. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveCounted } from '../bench/src/counting-server.ts';
import { tfjsNetwork } from '../bench/src/tfjs-network.ts';
import type { FirstPicture, WebDrawn } from '../bench/src/web-drawing.ts';
import { formatWebDrawing } from '../bench/src/web-drawing-report.ts';
import {
  buildModel,
  constant,
  encodeModel,
  float32,
  input,
  ops,
  type Value,
} from '../packages/onnx/src/index.ts';

/** 0, 1, 2 …, so that a number tells where it was. */
const counted = (shape: number[]) =>
  constant(
    float32(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
      shape,
    ),
  );

function modelOf(image: (z: Value) => Value): Uint8Array {
  const z = input('z', 'float32', ['N', 3]);
  const outputs = { image: ops.Transpose(ops.Tanh(image(z)), [0, 2, 3, 1]) };
  return encodeModel(buildModel({ name: 'generator', inputs: [z], outputs }));
}

test('TensorFlow.js is given channels last, and kernels as it has them', () => {
  const model = modelOf((z) => {
    const dense = ops.Gemm(z, counted([8, 3]), counted([8]), { transB: true });
    const planes = ops.Relu(ops.Reshape(dense, ['N', 2, 2, 2]));
    const geometry = { strides: [2, 2], pads: [1, 1, 1, 1] } as const;
    const drawn = ops.Relu(
      ops.ConvTranspose(planes, counted([2, 1, 4, 4]), counted([1]), geometry),
    );
    return ops.Conv(drawn, counted([1, 1, 3, 3]), counted([1]), { pads: [1, 1, 1, 1] });
  });
  const { network, weights } = tfjsNetwork(model);
  expect(network).toEqual({
    ...{ latent: 3, height: 4, width: 4 },
    layers: [
      {
        ...{ type: 'dense', relu: false },
        ...{ kernel: { at: 0, shape: [3, 8] }, bias: { at: 24, shape: [8] } },
      },
      { type: 'view', shape: [2, 2, 2] },
      { type: 'relu' },
      {
        ...{ type: 'convTranspose', relu: true, stride: 2 },
        ...{ kernel: { at: 32, shape: [4, 4, 1, 2] }, bias: { at: 64, shape: [1] } },
      },
      {
        ...{ type: 'conv', relu: false, stride: 1, pad: 'same' },
        ...{ kernel: { at: 65, shape: [3, 3, 1, 1] }, bias: { at: 74, shape: [1] } },
      },
      { type: 'tanh' },
    ],
  });
  // Of pixel [0, 0] both channels, which were rows 0 and 4 of three numbers; then of pixel [0, 1].
  expect(Array.from(weights.subarray(0, 8))).toEqual([0, 12, 3, 15, 6, 18, 9, 21]);
  expect(Array.from(weights.subarray(24, 32))).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
  // The kernel's first place, of both inputs, then the next.
  expect(Array.from(weights.subarray(32, 36))).toEqual([0, 16, 1, 17]);
  expect(() => tfjsNetwork(modelOf((z) => ops.Exp(ops.Reshape(z, ['N', 3, 1, 1]))))).toThrow(
    'Exp: no layer of TensorFlow.js is written for it here',
  );
});

const isolation = ({ headers }: Response) =>
  ['cross-origin-opener-policy', 'cross-origin-embedder-policy'].map((name) => headers.get(name));

test('what is sent is counted by its kind, scripts and pages gzipped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ganport-counted-'));
  const script = Buffer.from('0;'.repeat(5000));
  await writeFile(join(folder, 'a.js'), script);
  await writeFile(join(folder, 'a.onnx'), script);
  await writeFile(join(folder, 'a.html'), '<!doctype html>');
  const server = await serveCounted(folder);
  try {
    const get = (name: string) => fetch(`${server.url}${name}?x=1`);
    const answer = await get('a.js');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(script);
    // Threads need both, of a page; of its scripts, the second.
    expect(isolation(await get('a.html'))).toEqual([null, null]);
    expect(isolation(await fetch(`${server.url}a.html?threads=2`))).toEqual([
      'same-origin',
      'require-corp',
    ]);
    expect(isolation(answer)).toEqual([null, 'require-corp']);
    server.take();
    await (await get('a.js')).arrayBuffer();
    await (await get('a.onnx')).arrayBuffer();
    expect(await Promise.all([get('none.js'), get('../../etc/passwd')])).toMatchObject([
      { status: 404 },
      { status: 404 },
    ]);
    const sent = server.take();
    expect(sent).toMatchObject({ page: 0, runtime: 0, model: 10_000 });
    expect(sent.script).toBeLessThan(100);
    expect(server.take()).toEqual({ page: 0, script: 0, runtime: 0, model: 0 });
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});

test('who draws is shown beside its peer, and who does not says why', () => {
  const summary = (median: number) => ({ median, min: median, max: median });
  const first = (seconds: number, script: number): FirstPicture => ({
    ...{ seconds: summary(seconds), cpu: summary(2 * seconds) },
    bytes: { page: 0, script, runtime: 0, model: 900_000 },
  });
  const drawn = (contender: string, seconds: number): WebDrawn => ({
    ...{ preset: 'quick', contender, description: 'it', warm: first(seconds / 2, 0) },
    ...{ cold: first(seconds, 20_000), seconds: summary(seconds), cpu: summary(seconds) },
  });
  const failed = { preset: 'quick', contender: 'third', failure: 'no GPU' } as const;
  const [, title, head, ...rows] = formatWebDrawing([
    { ...drawn('ours', 0.2), peer: 'theirs' },
    drawn('theirs', 0.5),
    failed,
  ]).split('\n');
  expect(title).toMatch(/^quick: /);
  expect(head).toContain('pictures/s');
  expect(rows.map((row) => row.trim().split(/\s{2,}/))).toEqual([
    [
      'ours',
      '200 (2.5×)',
      '100 (2.5×)',
      '400 (2.5×)',
      '920 (20)',
      '900 (0)',
      '5.00 (2.5×)',
      '200 ms (2.5×)',
    ],
    ['theirs', '500', '250', '1000', '920 (20)', '900 (0)', '2.00', '500 ms'],
    ['third', '– (no GPU)'],
    [''],
    ['ours: it'],
    ['theirs: it'],
    ['third: it did not draw'],
    [''],
  ]);
});
