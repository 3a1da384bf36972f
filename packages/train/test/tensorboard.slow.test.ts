/**
 * Event files as TensorBoard reads them, where there is a Python with it:
 * `python3 -m venv .cache/tensorboard && .cache/tensorboard/bin/pip install tensorboard`,
 * or another that TENSORBOARD_PYTHON names.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { trainSmall } from '../../../test/small-run.ts';

const PROGRAM = fileURLToPath(new URL('read-events.py', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../../.cache/tensorboard/bin/python', import.meta.url));
const python = process.env.TENSORBOARD_PYTHON ?? (existsSync(INSTALLED) ? INSTALLED : undefined);

const folder = mkdtempSync(join(tmpdir(), 'ganport-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(!python)(
  'TensorBoard reads the metrics and pictures of a run that was resumed',
  async () => {
    const run = join(folder, 'run');
    const small = { channels: 3, ema: 0, tensorboard: true } as const;
    await trainSmall(run, { ...small, steps: 6 });
    // From an earlier step: what came after it is trained anew.
    await trainSmall(run, { ...small, steps: 8, resumeAt: 4 });
    expect(readdirSync(run).filter((name) => name.includes('tfevents'))).toHaveLength(2);
    const { stdout, stderr, status } = spawnSync(python!, [PROGRAM, run]);
    expect(status, String(stderr)).toBe(0);
    const { scalars, images } = JSON.parse(String(stdout));
    const logged = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const expected = logged.map((line) => JSON.parse(line));
    for (const name of ['dLoss', 'gLoss', 'swd']) {
      const lines = expected.filter((line) => name in line);
      expect([name, scalars[name]]).toEqual([
        name,
        lines.map((line) => [line.step, Math.fround(line[name])]),
      ]);
    }
    expect(images.samples.map(([step]: number[]) => step)).toEqual([2, 4, 6, 8]);
    const [, width, height, bytes] = images.samples.at(-1);
    const picture = readFileSync(join(run, 'samples/step-000008.png'));
    expect([width, height, bytes]).toEqual([
      picture.readUInt32BE(16),
      picture.readUInt32BE(20),
      picture.length,
    ]);
  },
);
