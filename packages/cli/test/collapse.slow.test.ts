/** A run that collapses (keras-team/keras#4585): training and export say so. Case 17 of the field. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { sharedData } from '../../../test/shared-data.ts';
import { ganport } from './run.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());
const mnist = sharedData('mnist');

test.skipIf(!mnist)('training and export say that all pictures are the same', async () => {
  const config = workspace.write(
    'collapse.json',
    JSON.stringify({
      ...{ preset: 'mlp', name: 'collapse', batch: 32, steps: 150, data: 'mnist' },
      ...{ adam: { learningRate: 0.05 }, every: { metrics: 10, checkpoint: 75 } },
    }),
  );
  const run = workspace.path('run');
  const line = ['train', '--config', config, '--out', run, '--data-dir', mnist!];
  const { code, stdout, stderr } = await ganport(...line, '--engine', 'onnxruntime');
  expect(code).toBe(0);
  for (const what of ['the generator has collapsed', 'tells all images apart', 'is lost']) {
    expect(stderr).toMatch(new RegExp(`\\nstep \\d+: .*${what}.*learning rate, now 0.05`));
    expect(stdout).toMatch(new RegExp(`^Warning: step \\d+: .*${what}`, 'm'));
  }
  const standing = JSON.parse(readFileSync(workspace.path('run', 'warnings.json'), 'utf8'));
  expect(stdout.match(/^Warning: .*$/gm)).toEqual(
    standing.map((line: string) => `Warning: ${line}.`),
  );
  const exported = await ganport('export', run);
  expect(exported.stdout).toMatch(
    /^Warning: pictures of different latents are the same: the generator had collapsed/,
  );
});
