/** The command line from training to pictures over HTTP, in processes of its own but for drawing to files. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ganport as ganportHere } from '../packages/cli/test/run.ts';
import { TINY, Workspace } from '../packages/cli/test/workspace.ts';
import { decodePicture } from '../packages/sample/test/fixture.ts';
import { resolveConfig } from '../packages/train/src/index.ts';
import { runCommand, startCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
const EXPORT = ['export', 'runs/tiny', '--checkpoint', 'latest'];
const MODEL = 'runs/tiny/generator.onnx';

/** Runs a command that must succeed; its stdout. */
async function ganport(...args: string[]): Promise<string> {
  const exit = await runCommand(args, folder);
  expect(exit, exit.stderr).toMatchObject({ code: 0 });
  return exit.stdout;
}

beforeAll(async () => {
  workspace.write('tiny.json', JSON.stringify({ ...TINY, batch: 8, steps: 6 }));
  const trained = await runCommand(
    ['train', '--config', 'tiny.json', '--out', 'runs/tiny'],
    folder,
  );
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stdout).toMatch(
    /^Trained 6 steps in \d+s; samples are in runs\/tiny\/samples\.\nNext: ganport export runs\/tiny\n$/,
  );
  // Progress is not a result.
  expect(trained.stderr).toMatch(
    /^Training tiny on 10000 images of glyphs \(28×28 grey, 10 classes\): 6 steps of batch 8,\n/,
  );
  // Where CUDA works, there is nothing to say.
  expect(trained.stderr.split('\n')[2]).toMatch(
    /^(What would be faster does not work here: `ganport doctor` says why\.|step \d.*)$/,
  );
  expect(trained.stderr).toMatch(
    /\nstep 6\/6 .* D\(fake\) 0\.\d\d {2}frechet \d+(\.\d+)? \(best( \d+(\.\d+)?)?\)\n$/,
  );
  expect(await ganport(...EXPORT)).toMatch(/\nNext: ganport serve runs\/tiny\/gen/);
});
afterAll(() => workspace.remove());

test('no native library of onnxruntime is loaded before a model is opened', async () => {
  const cli = new URL('../packages/cli/dist/cli.js', import.meta.url);
  const script = `await import(${JSON.stringify(cli.href)});
    process.report.excludeNetwork = true;
    console.log(process.report.getReport().sharedObjects.join('\\n'));`;
  const { stdout } = await promisify(execFile)('node', ['--input-type=module', '-e', script]);
  expect(stdout).toContain('libc.so');
  expect(stdout).not.toContain('onnxruntime');
});

test('help and version', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../packages/cli/package.json', import.meta.url), 'utf8'),
  );
  expect(await ganport('--version')).toBe(`${version}\n`);
  const help = await ganport('--help');
  for (const command of ['start', 'train', 'export', 'sample', 'serve', 'inspect', 'doctor']) {
    expect(help).toContain(`ganport ${command}`);
  }
  expect(await ganport('sample', '--help')).toMatch(/Examples:\n {2}# .*\n {2}ganport sample /);
  const nothing = await runCommand([], folder);
  expect(nothing).toMatchObject({ code: 2, stdout: '' });
  expect(nothing.stderr).toBe(help);
});

test('a flag wins over a configuration file, and a file over its preset', async () => {
  // With the byte order mark that some editors write.
  writeFileSync(workspace.path('two.json'), '\ufeff{"preset": "quick", "batch": 4, "steps": 5}');
  const json = await ganport('train', '--config', 'two.json', '--steps', '1', '--json');
  const { folder: run, step } = JSON.parse(json);
  expect(step).toBe(1);
  expect(run).toMatch(/^runs\/quick-\d{8}-\d{6}$/);
  const { config } = JSON.parse(readFileSync(workspace.path(run, 'run.json'), 'utf8'));
  const expected = { preset: 'quick', batch: 4, steps: 1 };
  expect(config).toEqual(resolveConfig([['what was given', expected]]));
});

describe('sample', () => {
  // In this process: what is drawn is the point, and each start takes most of a second.
  const sample = async (name: string, ...flags: string[]) => {
    const path = workspace.path(name);
    const line = ['sample', workspace.path(MODEL), '-o', path, ...flags];
    const { code, stdout, stderr } = await ganportHere(...line);
    expect(code, stderr).toBe(0);
    expect(stdout.replace(path, name)).toMatch(
      new RegExp(`^Wrote ${name}: picture.* drawn on cpu\\.\n$`),
    );
    return readFileSync(path);
  };

  test('draws the same pictures in every format', async () => {
    const raw = await sample('raw', '--format', 'raw', '--count', '4');
    expect(await sample('four.raw', '--count', '4')).toEqual(raw);
    expect(raw.length).toBe(4 * 784);
    expect(new Set(raw).size).toBeGreaterThan(50);

    const npy = await sample('four.npy', '--count', '4');
    expect(npy.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\0', 'latin1'));
    expect(npy.toString('latin1', 10)).toContain("'descr': '|u1', 'fortran_order': False");
    expect(npy.toString('latin1', 10)).toContain("'shape': (4, 28, 28, 1)");
    expect(npy.subarray(-raw.length)).toEqual(raw);

    const signatures = { png: /^\x89PNG/, webp: /^RIFF....WEBP/s };
    for (const [format, signature] of Object.entries(signatures)) {
      const name = `four.${format.toUpperCase()}`;
      const picture = await sample(name, '--count', '4', '--scale', '3');
      expect(picture.toString('latin1')).toMatch(signature);
      const { data, width, height, channels } = await decodePicture(picture);
      expect({ width, height }).toEqual({ width: 2 * 28 * 3, height: 2 * 28 * 3 });
      // Row 5, column 9 of picture 3, which is in the second row and column of the grid.
      const [y, x] = [(28 + 5) * 3 + 1, (28 + 9) * 3 + 1];
      expect(data[(y * width + x) * channels]).toBe(raw[3 * 784 + 5 * 28 + 9]);
    }
  });

  test('gives one picture whatever it is drawn with, and others for another seed', async () => {
    const eight = await sample('eight', '--format', 'raw', '--count', '8', '--seed', '7');
    const again = await sample('again', '--format', 'raw', '--count', '8', '--seed', '7');
    expect(again).toEqual(eight);
    const part = await sample('part', ...'--format raw --seed 7 --start 5 --count 2'.split(' '));
    expect(part).toEqual(eight.subarray(5 * 784, 7 * 784));
    expect(await sample('other', '--format', 'raw', '--count', '8', '--seed', '8')).not.toEqual(
      eight,
    );
  });
});

test('serve answers with pictures and the page until Ctrl-C', async () => {
  const server = startCommand(['serve', MODEL, '--port', '0'], folder);
  const [, url] = await server.printed(/Open (http:\S+) – Ctrl-C stops\./);
  const page = await fetch(url!);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(await page.text()).toContain('<html');
  const image = await fetch(new URL('/v1/images/42/0.png', url));
  const { width, height } = await decodePicture(new Uint8Array(await image.arrayBuffer()));
  expect({ width, height }).toEqual({ width: 28, height: 28 });
  server.kill('SIGINT');
  const { code, stdout, stderr } = await server.exit;
  expect({ code, stdout }).toEqual({ code: 0, stdout: `Open ${url} – Ctrl-C stops.\n` });
  const told = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.map(({ path, status, msg }) => (path ? `${path} ${status}` : msg))).toEqual([
    ...['model loaded', 'Drawing on cpu (CUDA is not installed).', '/ 200'],
    ...['/v1/images/42/0.png 200', 'model closed', 'Stopped.'],
  ]);
});

test('a model and pictures pass through pipes, with nothing among them', async () => {
  const line =
    '"$@" export runs/tiny -o - | "$@" sample - --count 4 -o - > four.png && "$@" inspect - < "$0"';
  const outcome = await runCommand([], folder, ['sh', '-c', line, MODEL]);
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.stderr).toMatch(
    /^Wrote to standard output: \d+ bytes, .*\nVerified: 68 pictures .*\n/,
  );
  expect(outcome.stderr).toMatch(/\nWrote to standard output: pictures 0 to 3 .*\n$/);
  expect(outcome.stdout).toMatch(/^file +standard input, \d+ bytes\n/);
  const { width, height } = await decodePicture(readFileSync(workspace.path('four.png')));
  expect({ width, height }).toEqual({ width: 2 * 28 * 2, height: 2 * 28 * 2 });
});

describe('a result that nobody takes', () => {
  const inShell = (script: string) =>
    runCommand(['inspect', MODEL], folder, ['sh', '-c', script, 'sh']);

  test('is no error where the reader has gone', async () => {
    expect(await inShell('"$@" | true')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test.runIf(existsSync('/dev/full'))('is one where there is no room for it', async () => {
    const { code, stderr } = await inShell('"$@" > /dev/full');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'ganport: cannot print: ENOSPC: no space left on device, write\n',
    });
  });
});

describe('--json prints one document and nothing else', () => {
  const json = async (...args: string[]) => JSON.parse(await ganport(...args, '--json'));

  test('export, twice the same file', async () => {
    const before = readFileSync(workspace.path(MODEL));
    const { file, bytes, steps, verified } = await json(...EXPORT);
    expect({ file, bytes, steps }).toEqual({ file: MODEL, bytes: before.length, steps: 6 });
    expect(verified.float).toBeLessThan(1e-4);
    expect(readFileSync(workspace.path(MODEL))).toEqual(before);
  });

  test('sample', async () => {
    const line = ['sample', MODEL, '--count', '2', '--seed', '1', '--format', 'raw'];
    expect(await json(...line)).toEqual({
      file: 'samples.raw',
      seed: 1,
      start: 0,
      count: 2,
      format: 'raw',
      device: 'cpu',
    });
  });

  test('inspect', async () => {
    const { inputs, outputs, parameters, opsets, generator } = await json('inspect', MODEL);
    expect(inputs).toEqual(['z float32 [N, 4]']);
    expect(outputs).toEqual(['image uint8 [N, 28, 28, 1]']);
    expect(opsets).toEqual({ 'ai.onnx': 17 });
    // One dense layer.
    expect(parameters).toBe(4 * 784 + 784);
    expect(generator).toMatchObject({ name: 'tiny', provenance: { steps: 6, seed: 0 } });
    expect(await ganport('inspect', MODEL)).toMatch(
      /\ngenerator +tiny: 4 latents → 28×28×1 uint8\n/,
    );
  });

  test('serve, once it answers', async () => {
    const server = startCommand(['serve', MODEL, '--port', '0', '--json'], folder);
    await server.printed(/\}\n/);
    server.kill('SIGTERM');
    const { code, stdout } = await server.exit;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: MODEL, device: 'cpu' });
  });
});
