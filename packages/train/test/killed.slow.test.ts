/**
 * A run that is killed between any two of its file operations, or in the middle of a write, goes on
 * to what it would have been. Files are written to a real folder, by functions that from some
 * operation on do nothing any more; training itself is a sum.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomSequence, STREAM } from '@ganport/model';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Engine } from '../src/engine.ts';
import { memoryDataset, resolveConfig, train } from '../src/index.ts';

const disk = vi.hoisted(() => {
  let left = Infinity;
  let done = 0;
  return {
    /** Kills the process before it does its next operation but `operations`, or as it does it. */
    killAfter(operations: number) {
      left = operations;
      done = 0;
    },
    get operations() {
      return done;
    },
    get killed() {
      return done > left;
    },
    /** Does an operation; `half` of it where the process is killed. */
    operate<T>(operation: () => T, half?: () => T): T {
      done += 1;
      if (done <= left) return operation();
      if (done === left + 1) half?.();
      throw new Error('killed');
    },
  };
});

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const appendFileSync = (path: string, text: string) =>
    disk.operate(
      () => fs.appendFileSync(path, text),
      () => fs.appendFileSync(path, text.slice(0, text.length / 2)),
    );
  return { ...fs, appendFileSync };
});

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const counted = (name: 'link' | 'mkdir' | 'rename' | 'rm') => ({
    [name]: async (...args: [string, string]) => disk.operate(() => fs[name](...args)),
  });
  const open = async (path: string, flags: string | number) => {
    // A number opens a file to read it.
    if (typeof flags === 'number') return fs.open(path, flags);
    // A process that is killed leaves what it wrote, synced or not; and syncing takes its time.
    const sync = async () => disk.operate(() => {});
    if (flags === 'r') return { sync, close: async () => {} };
    const file = await disk.operate(() => fs.open(path, flags));
    return {
      writeFile: async (data: string | Uint8Array) => {
        const half = () => writeFileSync(path, data.slice(0, data.length / 2));
        await disk.operate<unknown>(() => file.writeFile(data), half);
      },
      sync,
      close: () => file.close(),
    } as FileHandle;
  };
  return {
    ...fs,
    ...counted('mkdir'),
    ...counted('rename'),
    ...counted('rm'),
    ...counted('link'),
    open,
  };
});

/** The number of a process that has ended. */
const { pid: ENDED } = spawnSync('true');

/** The tensor that counts the steps; it is zero to begin with. */
const COUNT = 'adam_m.generator.0.bias';
/** What is drawn after so many steps; the data are grey, so 0 is the best. */
const LEVELS = { 2: 0.8, 4: 0.2, 6: 0.9, 7: 0.5, 8: -0.1 };

vi.mock('../src/engines.ts', () => ({
  chooseEngine: async (_: unknown, initial: Record<string, Float32Array>) => {
    const state = structuredClone(initial);
    const engine: Engine = {
      description: 'a sum',
      step: async ({ images }) => {
        for (const tensor of Object.values(state)) tensor.set(tensor.map((x) => x + 1));
        return { dLoss: state[COUNT]![0]! + Number(images![0]), gLoss: 0 };
      },
      sample: async (_, count) => {
        const level = LEVELS[state[COUNT]![0] as keyof typeof LEVELS];
        return new Float32Array(count * 4).fill(level);
      },
      state: async () => state,
      close: async () => {},
    };
    return { engine, chosen: { engine: 'onnxruntime', device: 'cpu' }, why: '' };
  },
}));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-killed-'));
});
afterEach(() => {
  disk.killAfter(Infinity);
  rmSync(folder, { recursive: true });
});

const dataset = memoryDataset({
  ...{ name: 'grey', height: 2, width: 2, channels: 1 },
  images: Uint8Array.from({ length: 8 * 4 }, (_, i) => 120 + i / 2),
});
const configOf = (steps: number, learningRate = 0.1) =>
  resolveConfig([
    [
      'the test',
      {
        generator: {
          inputs: { z: [2] },
          layers: [
            { type: 'dense', units: 4 },
            { type: 'reshape', shape: [1, 2, 2] },
          ],
        },
        discriminator: {
          inputs: { image: [1, 2, 2] },
          layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
        },
        batch: 2,
        steps,
        adam: { learningRate },
        every: { metrics: 1, checkpoint: 2 },
      },
    ],
  ]);

interface Going {
  steps?: number;
  learningRate?: number;
  /** The step to go on from; the latest by default. */
  checkpoint?: number;
}

/** Trains to a step: a run that has begun goes on. Tells whether it was killed. */
async function trained(run: string, operations: number, going: Going = {}): Promise<boolean> {
  const { steps = 8, learningRate, checkpoint } = going;
  disk.killAfter(operations);
  const options = { engine: 'auto', device: 'auto', threads: 1, tf32: false } as const;
  const resume = existsSync(join(run, 'run.json'));
  const config = configOf(steps, learningRate);
  const where = { folder: run, resume, checkpoint };
  const training = train({ config, dataset, ...options, versions: {}, ...where });
  const error = await training.then(
    () => undefined,
    (error: Error) => error,
  );
  if (!disk.killed) expect(error).toBeUndefined();
  // The process that trains is this one, which goes on: its lock would be another's by now.
  const lock = join(run, 'lock');
  const text = existsSync(lock) ? readFileSync(lock, 'utf8') : '';
  if (text.endsWith('\n')) {
    writeFileSync(lock, `${JSON.stringify({ ...JSON.parse(text), pid: ENDED })}\n`);
  }
  return disk.killed;
}

/** Files by path, each with a digest. */
function contents(run: string): Record<string, string> {
  const files = readdirSync(run, { recursive: true, withFileTypes: true });
  const digests = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const bytes = entry.isFile() ? readFileSync(path) : '';
    return [path.slice(run.length), createHash('sha256').update(bytes).digest('hex')];
  });
  return Object.fromEntries(digests);
}

async function whole(): Promise<Record<string, string>> {
  const run = join(folder, 'whole');
  expect(await trained(run, Infinity)).toBe(false);
  const files = contents(run);
  expect(Object.keys(files).filter((path) => path.startsWith('/checkpoints/'))).toHaveLength(2);
  expect(readFileSync(join(run, 'best'), 'utf8')).toMatch(/^step-000008\.safetensors\n\{"swd":/);
  return files;
}

test('a run that is killed between any two operations goes on to the same files', async () => {
  const expected = await whole();
  const instants = disk.operations;
  expect(instants).toBeGreaterThanOrEqual(100);
  for (let instant = 0; instant < instants; instant++) {
    const run = join(folder, String(instant));
    expect(await trained(run, instant)).toBe(true);
    expect(await trained(run, Infinity)).toBe(false);
    expect(contents(run), `killed after ${instant} operations`).toEqual(expected);
  }
});

test('nothing is left of a checkpoint that the run did not get to, where it ends before', async () => {
  await whole();
  const instants = disk.operations;
  const shorter = join(folder, 'shorter');
  expect(await trained(shorter, Infinity, { steps: 7 })).toBe(false);
  let compared = 0;
  // The last checkpoint's operations are among the last quarter of all.
  for (let instant = Math.floor(0.75 * instants); instant < instants; instant++) {
    const run = join(folder, `ends-${instant}`);
    expect(await trained(run, instant)).toBe(true);
    if (readFileSync(join(run, 'latest'), 'utf8').includes('000008')) continue;
    expect(await trained(run, Infinity, { steps: 7 })).toBe(false);
    const files = { ...contents(run), '/run.json': contents(shorter)['/run.json'] };
    expect(files, `killed after ${instant} operations`).toEqual(contents(shorter));
    // That it was to end later is all that it remembers.
    const { history } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
    expect(history).toEqual([{ step: 6, field: 'config.steps', from: 8, to: 7 }]);
    compared++;
  }
  expect(compared).toBeGreaterThan(8);
});

test('so does one that goes back to an earlier checkpoint, with another learning rate', async () => {
  const later = join(folder, 'later');
  expect(await trained(later, Infinity, { steps: 6 })).toBe(false);
  const back = { checkpoint: 4, learningRate: 0.01 };
  const goesBack = async (name: string, operations: number) => {
    const run = join(folder, name);
    cpSync(later, run, { recursive: true });
    return { run, killed: await trained(run, operations, back) };
  };
  const whole = await goesBack('whole', Infinity);
  const instants = disk.operations;
  const expected = contents(whole.run);
  const { history } = JSON.parse(readFileSync(join(whole.run, 'run.json'), 'utf8'));
  expect(history).toEqual([
    { step: 4, field: 'config.steps', from: 6, to: 8 },
    { step: 4, field: 'config.adam.learningRate', from: 0.1, to: 0.01 },
  ]);
  expect(instants).toBeGreaterThan(50);
  for (let instant = 0; instant < instants; instant++) {
    const { run, killed } = await goesBack(String(instant), instant);
    expect(killed).toBe(true);
    // The same again, as long as there is what it names.
    const there = existsSync(join(run, 'checkpoints', 'step-000004.safetensors'));
    expect(await trained(run, Infinity, there ? back : { learningRate: 0.01 })).toBe(false);
    expect(contents(run), `killed after ${instant} operations`).toEqual(expected);
  }
});

test('and one that is killed again and again as it goes on, too', async () => {
  const expected = await whole();
  const { below } = randomSequence(7, STREAM.latents, 0);
  for (let attempt = 0; attempt < 25; attempt++) {
    const run = join(folder, `again-${attempt}`);
    const kills: number[] = [];
    do kills.push(8 + below(80));
    while (await trained(run, kills.at(-1)!));
    expect(contents(run), `killed after ${kills} operations`).toEqual(expected);
  }
});
