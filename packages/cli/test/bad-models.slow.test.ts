/** What is wrong with an .onnx file, a place to write, a port: exit code 1, one line, nothing left. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { buildModel, encodeModel, input, ops } from '@ganport/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGenerator } from '../../sample/test/fixture.ts';
import { failure, ganport } from './run.ts';
import { TINY, Workspace, writeDigits } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const { model } = buildGenerator({ latent: 4 });
const whole = workspace.write('whole.onnx', model);
const x = input('x', 'float32', ['N', 4]);
const foreign = encodeModel(
  buildModel({ name: 'other', inputs: [x], outputs: { y: ops.Tanh(x) } }),
);
const metadata = buildGenerator({ latent: 4, alter: (data) => ({ ...data, format: 9 }) });
const golden = buildGenerator({
  latent: 4,
  alter: (data) => ({ ...data, golden: { ...data.golden, seed: 1 } }),
});

describe('a model', () => {
  const damaged = /not an ONNX model, or a damaged one: ./;
  const later = /"ganport" metadata is not valid: format/;
  // What `inspect` says on stdout, and its code, where there is something to say.
  test.each<[string, Uint8Array | undefined, RegExp, (readonly [RegExp, number])?]>([
    ['missing', undefined, /no such file or folder/],
    ['empty', new Uint8Array(0), /not an ONNX model: the file is empty/],
    ['an archive', Buffer.from('PK\x03\x04 this is not a model'), /it is a zip archive/],
    ['garbage', Buffer.from([7, 1, 2, 3]), damaged],
    ['truncated', model.subarray(0, model.length / 2), damaged, [damaged, 1]],
    ['not a generator', foreign, /no "ganport" metadata/, [/no ganport metadata/, 0]],
    ['of a later format', metadata.model, later, [later, 1]],
  ])('is not %s', async (name, bytes, message, inspected) => {
    const path = workspace.path(`${name}.onnx`);
    if (bytes) workspace.write(`${name}.onnx`, bytes);
    const before = workspace.contents();
    for (const line of [
      ['sample', path, '-o', workspace.path('out.png')],
      ['serve', path, '--port', '0'],
    ]) {
      const error = await failure(1, ...line);
      expect(error).toMatch(message);
      expect(error).toContain(path);
    }
    if (inspected) {
      const outcome = await ganport('inspect', path);
      expect(outcome).toMatchObject({ code: inspected[1], stderr: '' });
      expect(outcome.stdout).toMatch(inspected[0]);
    } else expect(await failure(1, 'inspect', path)).toContain(path);
    expect(workspace.contents()).toEqual(before);
  });

  test('draws the samples it was exported with', async () => {
    const path = workspace.write('drifted.onnx', golden.model);
    const message =
      /drifted\.onnx: onnxruntime \S+ on the CPU draws the golden samples up to \d+ levels off/;
    expect(await failure(1, 'sample', path, '-o', workspace.path('out.png'))).toMatch(message);
  });
});

describe('a file to write', () => {
  // Root may write to any folder, so these are places where nobody can.
  test.each([
    ['in a folder that is missing', 'missing/out.png', /no such file or folder/],
    ['under a file', 'whole.onnx/out.png', /a part of the path is not a folder/],
    ['a folder', '', /it is not a regular file/],
  ])('is not %s', async (_, name, message) => {
    const before = workspace.contents();
    const error = await failure(1, 'sample', whole, '-o', workspace.path(name));
    expect(error).toContain(`cannot write ${workspace.path(name)}`);
    expect(error).toMatch(message);
    expect(workspace.contents()).toEqual(before);
  });

  test('is left alone where it is a device', async () => {
    const error = await failure(1, 'sample', whole, '-o', '/dev/null');
    expect(error).toContain('cannot write /dev/null: it is not a regular file');
  });
});

describe('a run to export', () => {
  const best = ['export', '--checkpoint', 'best', '-o', workspace.path('generator.onnx')];
  beforeAll(async () => {
    const digits = writeDigits(workspace, 'digits');
    const config = workspace.write('tiny.json', JSON.stringify({ ...TINY, data: 'mnist' }));
    const line = ['--config', config, '--data-dir', digits, '--threads', '1'];
    const run = workspace.path('run');
    expect(await ganport('train', ...line, '--out', run)).toMatchObject({ code: 0 });
  });

  test('is a run folder', async () => {
    expect(await failure(1, ...best, workspace.path('digits'))).toMatch(
      /digits is not a run folder: cannot read/,
    );
  });

  test('has the checkpoint', async () => {
    mkdirSync(workspace.path('begun'));
    workspace.write('begun/run.json', readFileSync(workspace.path('run/run.json')));
    expect(await failure(1, ...best, workspace.path('begun'))).toMatch(
      /begun has no checkpoint yet: train --resume .*begun makes one\n/,
    );
  });

  test('leaves the file it would replace as it is when it fails', async () => {
    workspace.write('generator.onnx', 'precious');
    const name = readFileSync(workspace.path('run/best'), 'utf8').split('\n')[0]!;
    const path = workspace.path('run/checkpoints', name);
    const bytes = readFileSync(path);
    bytes[bytes.length - 9]! ^= 1;
    workspace.write(`run/checkpoints/${name}`, bytes);
    const before = workspace.contents();
    expect(await failure(1, ...best, workspace.path('run'))).toMatch(/is damaged/);
    expect(workspace.contents()).toEqual(before);
  });
});

test('a port in use, before anything is trained', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  try {
    const message = `port ${port} of 127.0.0.1 is in use: stop what uses it, or choose another with --port`;
    expect(await failure(1, 'serve', whole, '--port', String(port))).toContain(message);
    expect(await failure(1, 'start', '--port', String(port))).toContain(message);
  } finally {
    server.close();
  }
});
