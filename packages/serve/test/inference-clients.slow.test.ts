/**
 * Clients of the Open Inference Protocol draw from here, where there is a Python with them:
 * `python3 -m venv .cache/inference && .cache/inference/bin/pip install 'tritonclient[http]' kserve`,
 * or another that INFERENCE_PYTHON names.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { latents } from '@ganport/model';
import { expect, test } from 'vitest';
import { buildGenerator, largestDifference, writeTemporary } from '../../sample/test/fixture.ts';
import { startServer } from '../src/index.ts';

const PROGRAM = fileURLToPath(new URL('inference-clients.py', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../../.cache/inference/bin/python', import.meta.url));
const python = process.env.INFERENCE_PYTHON ?? (existsSync(INSTALLED) ? INSTALLED : undefined);
if (!python) console.warn(`skipped: no Python with tritonclient and kserve at ${INSTALLED}`);

interface Drawn {
  shape: number[];
  dtype: string;
  data: number[];
}

/** Runs the clients while this process answers them. */
async function runClients(url: string, model: string, z: number[][]) {
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(python!, [PROGRAM, url, model], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve(stdout);
    });
    child.stdin!.end(JSON.stringify(z));
  });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

test.skipIf(!python)(
  'tritonclient and KServe’s SDK draw in every form, and read errors',
  async () => {
    const { model, expected } = buildGenerator({ latent: 8, height: 4, width: 6, channels: 3 });
    const file = await writeTemporary(model);
    const server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
    try {
      const z = [5, 6].map((index) => Array.from(latents(3, index, 8)));
      const { triton, kserve } = await runClients(server.url.replace(/\/$/, ''), 'fixture', z);
      const want = Buffer.concat([expected(3, 5), expected(3, 6)]);
      expect([triton.images.length, kserve.images.length]).toEqual([7, 4]);
      for (const { shape, dtype, data } of [...triton.images, ...kserve.images] as Drawn[]) {
        expect({ shape, dtype }).toEqual({ shape: [2, 4, 6, 3], dtype: 'uint8' });
        expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
      }
      expect([triton.live, kserve.live, triton.id]).toEqual([true, true, '7']);
      expect(triton.ready).toEqual([true, true, true, false, false]);
      expect(kserve.ready).toEqual([true, true]);
      expect(triton.server).toMatchObject({
        name: 'ganport',
        extensions: ['binary_tensor_data', 'model_configuration', 'statistics'],
      });
      expect(triton.model).toMatchObject({ name: 'fixture', versions: ['1'] });
      expect(triton.config).toEqual({
        ...{ name: 'fixture', platform: 'onnxruntime_onnx', backend: 'onnxruntime' },
        max_batch_size: 256,
        input: [{ name: 'z', data_type: 'TYPE_FP32', dims: [8] }],
        output: [{ name: 'image', data_type: 'TYPE_UINT8', dims: [4, 6, 3] }],
      });
      const [stats] = triton.stats.model_stats;
      expect(stats).toMatchObject({ name: 'fixture', version: '1' });
      expect(stats.inference_stats.success.count).toBe(7);
      expect(stats.inference_count).toBeGreaterThanOrEqual(14);
      expect(triton.refused).toEqual([
        ['400', 'z: expected FP32 [N, 8], got FP64 [2, 8]'],
        ['400', 'z: expected FP32 [N, 8], got FP32 [2, 7]'],
        ['400', 'inputs.0.shape.0: expected a whole number of at least 1, got 0'],
        ['404', expect.stringContaining('there is no model "other"')],
        ['404', expect.stringContaining('there is no version "2"')],
        ['400', 'z: expected at most 256 pictures, got 400'],
      ]);
      expect(kserve.refused).toEqual([
        expect.stringContaining('z: expected FP32 [N, 8], got FP64 [2, 8]'),
        expect.stringContaining('z: expected FP32 [N, 8], got FP32 [2, 7]'),
        expect.stringContaining('there is no model "other"'),
      ]);
    } finally {
      await server.close();
      await file.remove();
    }
  },
);
