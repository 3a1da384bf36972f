/** What a command takes as its model: a file, a folder, standard input. */
import { mkdirSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { buildGenerator } from '../../sample/test/fixture.ts';
import { commandLine } from '../src/invocation.ts';
import { readGiven, readWithin } from '../src/model-input.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

test('a file, or a folder that has the model', async () => {
  mkdirSync(workspace.path('run'));
  const path = workspace.write('run/generator.onnx', 'model');
  const bytes = Buffer.from('model');
  expect(await readGiven(path)).toEqual({ path, bytes });
  expect(await readGiven(workspace.path('run'))).toEqual({ path, bytes });
});

test('a folder that has none is told with what writes it', async () => {
  mkdirSync(workspace.path('fresh'));
  const folder = workspace.path('fresh');
  await expect(readGiven(folder)).rejects.toThrow(
    `${folder} is a folder without a generator.onnx: expected a model or a run folder`,
  );
  workspace.write('fresh/run.json', '{}');
  await expect(readGiven(folder)).rejects.toThrow(
    `${folder} has no generator.onnx yet: \`${commandLine('export', folder)}\` writes it`,
  );
});

test('a model that its run has left behind is told of, with what writes it anew', async () => {
  const steps = 20;
  const { model } = buildGenerator({
    ...{ latent: 2, height: 2, width: 2 },
    alter: (metadata) => ({ ...metadata, provenance: { ...metadata.provenance, steps } }),
  });
  mkdirSync(workspace.path('older/checkpoints'), { recursive: true });
  workspace.write('older/generator.onnx', model);
  workspace.write('older/run.json', '{}');
  const said: string[] = [];
  const name = (step: number) =>
    `older/checkpoints/step-${String(step).padStart(6, '0')}.safetensors`;
  workspace.write(name(steps), '');
  const folder = workspace.path('older');
  await readGiven(folder, (line) => said.push(line));
  expect(said).toEqual([]);
  workspace.write(name(steps + 5), '');
  await readGiven(folder, (line) => said.push(line));
  expect(said).toEqual([
    `generator.onnx of ${folder} is of step ${steps}, the run is at ${steps + 5}: \`${commandLine('export', folder)}\` writes it anew`,
  ]);
  // The run has gone back.
  rmSync(workspace.path('older/checkpoints'), { recursive: true });
  mkdirSync(workspace.path('older/checkpoints'));
  workspace.write(name(steps - 1), '');
  await readGiven(folder, (line) => said.push(line));
  expect(said[1]).toContain(`is of step ${steps}, the run is at ${steps - 1}`);
});

test('standard input, but not a terminal', async () => {
  const { isTTY } = process.stdin;
  process.stdin.isTTY = true;
  try {
    await expect(readGiven('-')).rejects.toThrow('-: expected a model on standard input, which is');
  } finally {
    process.stdin.isTTY = isTTY;
  }
});

/** A stream of pieces of 10 bytes without an end, and how many were taken of it. */
function endless(byte: number) {
  const taken = { count: 0 };
  const pieces = function* () {
    for (;;) {
      taken.count += 1;
      yield Buffer.alloc(10, byte);
    }
  };
  return { taken, stream: Readable.from(pieces()) };
}

test('a stream is read to its end, within a limit', async () => {
  const pieces = ['ab', 'c', 'def'].map((text) => Buffer.from(text));
  expect(String(await readWithin(Readable.from(pieces), 6))).toBe('abcdef');
  const { taken, stream } = endless(0);
  await expect(readWithin(stream, 95)).rejects.toThrow('standard input: more than 95 bytes');
  // Nobody reads on, but for what the stream had ready.
  expect(taken.count).toBeLessThan(50);
  expect(stream.destroyed).toBe(true);
});

test.each([
  ['zeros', 0],
  ['text', 'y'.charCodeAt(0)],
])('of %s without an end, as much is read as says what it is', async (_, byte) => {
  const { taken, stream } = endless(byte);
  expect((await readWithin(stream, 1e9)).length).toBe(4100);
  expect(taken.count).toBeLessThan(500);
  expect(stream.destroyed).toBe(true);
});

test('a model is read to its end', async () => {
  const { model } = buildGenerator({ latent: 64, height: 16, width: 16 });
  const pieces = Readable.from([model.subarray(0, 5000), model.subarray(5000)]);
  expect(Buffer.from(await readWithin(pieces, 1e9)).equals(model)).toBe(true);
});
