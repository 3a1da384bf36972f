/** From a trained run to the latent of a picture, and Ctrl-C in between. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ganport } from '../packages/cli/test/run.ts';
import { exportGenerator } from '../packages/export/src/index.ts';
import { startCommand } from './cli-process.ts';
import { trainSmall } from './small-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-invert-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await trainSmall(join(folder, 'run'), { channels: 3, ema: 0, steps: 40 });
  for (const output of ['uint8', 'float32'] as const) {
    const { model } = await exportGenerator(join(folder, 'run'), { output, version: 'test' });
    writeFileSync(join(folder, `${output}.onnx`), model);
  }
});

const at = (name: string) => join(folder, name);

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await ganport(...args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

const sample = (model: string, ...more: string[]) =>
  done('sample', at(model), '--count', '1', '--scale', '1', ...more);

test.each(['uint8', 'float32'])(
  'a picture that a trained generator drew is found again: %s',
  async (output) => {
    const model = `${output}.onnx`;
    const wanted = ['--seed', '7', '--start', '5'];
    await sample(model, ...wanted, '-o', at('given.png'));
    const search = ['invert', at(model), at('given.png'), '--prior', '0', '--json'];
    const found = await done(...search);
    const { rmse } = JSON.parse(found);
    expect(rmse).toBeLessThan(1);
    writeFileSync(at('found.json'), found);
    await sample(model, '--z', at('found.json'), '-o', at('again.raw'));
    await sample(model, ...wanted, '-o', at('given.raw'));
    const [given, again] = ['given', 'again'].map((name) => readFileSync(at(`${name}.raw`)));
    const square = given!.reduce((sum, level, i) => sum + (level - again![i]!) ** 2, 0);
    expect(Math.sqrt(square / given!.length)).toBeCloseTo(rmse, 6);
  },
);

test('Ctrl-C ends the search, and leaves nothing', async () => {
  await sample('uint8.onnx', '-o', at('picture.png'));
  const args = ['invert', 'uint8.onnx', 'picture.png', '--steps', '100000', '-o', 'left.png'];
  const search = startCommand(args, folder);
  await search.printed(/Searching from 8 latents, 100000 steps, by onnxruntime/);
  search.kill('SIGINT');
  const { code, stdout, stderr } = await search.exit;
  expect({ code, stdout }).toEqual({
    ...{ code: 130, stdout: 'Stopped before the end: nothing is found yet.\n' },
  });
  expect(stderr).not.toContain('ganport:');
  expect(existsSync(join(folder, 'left.png'))).toBe(false);
});
