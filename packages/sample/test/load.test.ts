import { ModelError } from '@ganport/model';
import { OnnxError } from '@ganport/onnx';
import { describe, expect, test } from 'vitest';
import { SampleError } from '../src/error.ts';
import { loadGenerator } from '../src/node.ts';
import { buildGenerator, writeTemporary } from './fixture.ts';

describe('a file', () => {
  const { model } = buildGenerator();
  const foreign = buildGenerator({ alter: () => ({ hello: 'world' }) }).model;
  const cases: [string, Uint8Array, new (message?: string) => Error, string][] = [
    ['empty', new Uint8Array(), OnnxError, 'the file is empty'],
    [
      'garbage',
      Buffer.from('\xff\xd8\xff\xe0 a photograph', 'latin1'),
      OnnxError,
      'not an ONNX model',
    ],
    ['cut in half', model.subarray(0, model.length / 2), OnnxError, 'a damaged one'],
    ['without its last byte', model.subarray(0, -1), OnnxError, 'a damaged one'],
    ['not ours', foreign, ModelError, 'metadata is not valid'],
  ];
  test.each(cases)(
    'that is %s is refused in one line that names it',
    async (_name, bytes, kind, message) => {
      const { path, remove } = await writeTemporary(bytes);
      const refused = loadGenerator(path);
      await expect(refused).rejects.toThrow(kind);
      await expect(refused).rejects.toThrow(message);
      await refused.catch((error: Error) => {
        expect(error.message.startsWith(`${path}: `)).toBe(true);
        expect(error.message).not.toContain('\n');
      });
      await remove();
    },
  );

  test('that is missing, or a folder, is refused', async () => {
    await expect(loadGenerator('/nowhere/g.onnx')).rejects.toThrow(
      /cannot read \/nowhere\/g\.onnx: no such file.*; `ganport export RUN -o FILE` writes a model$/,
    );
    await expect(loadGenerator('/tmp')).rejects.toThrow(
      'cannot read /tmp: expected a regular file, got a folder',
    );
  });

  test('whose graph onnxruntime cannot load is refused', async () => {
    const broken = Buffer.from(model);
    broken.write('Gxmm', broken.indexOf('Gemm'), 'latin1');
    const { path, remove } = await writeTemporary(broken);
    await expect(loadGenerator(path)).rejects.toThrow(
      /cannot open the model: .*Gxmm.*; export the model again$/,
    );
    await remove();
  });

  test('loads on the CPU, says why, and is refused on a device that is missing', async () => {
    const { path, remove } = await writeTemporary(model);
    const loaded = await loadGenerator(path);
    expect(loaded).toMatchObject({ device: 'cpu', why: 'CUDA is not installed' });
    expect(loaded.sha256).toMatch(/^[0-9a-f]{64}$/);
    await loaded.sampler.close();
    await expect(loadGenerator(path, { device: 'cuda' })).rejects.toThrow('ganport doctor');
    await expect(loadGenerator(path, { device: 'gpu' as never })).rejects.toThrow(
      new SampleError(`${path}: device: expected one of cpu, webgpu, cuda, got "gpu"`),
    );
    await remove();
  });
});
