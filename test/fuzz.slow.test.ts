/**
 * Hundreds of files with something changed, all through the commands that read them, in one process: none ends it, holds it
 * for 10 s, prints more than one line, or takes more memory than a file may. FUZZ=500 runs the whole count of each kind.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ganport } from '../packages/cli/test/run.ts';
import { IMAGES, LABELS, TINY, Workspace, writeDigits } from '../packages/cli/test/workspace.ts';
import { decodeModel, encodeModel } from '../packages/onnx/src/index.ts';
import { mutate, type Random, seeded } from '../packages/onnx/test/mutations.ts';
import { buildGenerator } from '../packages/sample/test/fixture.ts';
import { damage } from './fuzz/damage.ts';

const COUNT = Number(process.env.FUZZ ?? 20);
const SEED = Number(process.env.FUZZ_SEED ?? 9);

/** Networks of 4 × 4 pictures. */
const OTHER = {
  generator: {
    inputs: { z: [4] },
    layers: [
      { type: 'dense', units: 16 },
      { type: 'reshape', shape: [1, 4, 4] },
    ],
  },
  discriminator: {
    inputs: { image: [1, 4, 4] },
    layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
  },
};

/** What a file may make the process grow by. None is larger than a tenth of it. */
const GROWN_MB = 64;

/** For all files of a kind. What has no end is ended then. */
const LIMIT_MS = 60_000 + 400 * COUNT;

const CHILD = fileURLToPath(new URL('fuzz/child.mjs', import.meta.url));
const CHECKPOINT = 'checkpoints/step-000004.safetensors';
const RUN_FILES = ['run.json', 'latest', CHECKPOINT, CHECKPOINT, 'best', 'metrics.jsonl'];

const workspace = new Workspace();
const config = workspace.write('tiny.json', JSON.stringify(TINY));
const digits = writeDigits(workspace, 'digits');
const train = ['train', '--config', config, '--threads', '1', '--data', 'idx'];

beforeAll(async () => {
  const line = [...train, '--data-dir', digits, '--out', workspace.path('run')];
  expect(await ganport(...line)).toMatchObject({ code: 0 });
  expect(await ganport('export', workspace.path('run'))).toMatchObject({ code: 0 });
});
afterAll(() => workspace.remove());

/** Runs them in one process, after whole ones. */
async function fuzz(name: string, warm: string[][], lines: string[][]) {
  const file = workspace.write(`${name}.json`, JSON.stringify({ warm, lines }));
  const options = { maxBuffer: 2 ** 26, timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, file], options);
  const { faults, codes, longest, grown, inAll } = JSON.parse(stdout);
  console.info(
    `${name}: exit codes ${JSON.stringify(codes)}, longest ${longest.toFixed(1)} s, grown by at most ${grown.toFixed(0)} MB for one, ${inAll.toFixed(0)} MB for all`,
  );
  expect(faults).toEqual([]);
  expect(grown).toBeLessThan(GROWN_MB);
  return codes as Record<string, number>;
}

function times<T>(count: number, make: (random: Random, i: number) => T): T[] {
  const random = seeded(SEED);
  return Array.from({ length: count }, (_, i) => make(random, i));
}

/** A model whose digest was taken out, so that what was changed reaches the runtime. */
function withoutDigest(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  for (const entry of model.metadataProps) {
    const { digest: _, ...rest } = JSON.parse(entry.value!);
    entry.value = JSON.stringify(rest);
  }
  return encodeModel(model);
}

test(`${COUNT} models`, { timeout: 2 * LIMIT_MS }, async () => {
  const whole = readFileSync(workspace.path('run/generator.onnx'));
  const bases = [whole, withoutDigest(whole), buildGenerator({ latent: 4 }).model];
  const commands = (path: string) => [
    ['inspect', path],
    ['sample', path, '--device', 'cpu', '--time-limit', '5', '-o', workspace.path('out.png')],
  ];
  const files = times(COUNT, (random, i) => {
    const base = bases[i % bases.length]!;
    const changed = random(2) ? mutate(base, random) : damage(base, random);
    return workspace.write(`model-${i}.onnx`, changed);
  });
  const warm = [0, 1, 2].flatMap((i) => commands(workspace.write(`whole-${i}.onnx`, bases[i]!)));
  const codes = await fuzz('models', [...warm, ...warm], files.flatMap(commands));
  expect(codes[1]).toBeGreaterThan(COUNT / 2);
});

test(`${COUNT} checkpoints`, { timeout: 2 * LIMIT_MS }, async () => {
  const lines = times(COUNT, (random, i) => {
    const run = workspace.path(`run-${i}`);
    cpSync(workspace.path('run'), run, { recursive: true });
    const file = RUN_FILES[i % RUN_FILES.length]!;
    // Without its digest, what is changed in a weights file reaches all that reads one.
    const base = readFileSync(workspace.path('run', file));
    const plain = Buffer.from(base.toString('latin1').replace('"sha256"', '"sha265"'), 'latin1');
    workspace.write(`run-${i}/${file}`, damage(random(2) ? plain : base, random));
    return [
      ['export', run],
      ['train', '--resume', run, '--threads', '1'],
    ];
  });
  const warm = [
    ['export', workspace.path('run')],
    ['train', '--resume', workspace.path('run')],
  ];
  await fuzz('checkpoints', [...warm, ...warm], lines.flat());
});

test(`${COUNT} configurations`, { timeout: 2 * LIMIT_MS }, async () => {
  const whole = Buffer.from(JSON.stringify(OTHER));
  // Of networks that do not fit these data: nothing is trained.
  const line = (name: string, bytes: Uint8Array) => [
    ...['train', '--config', workspace.write(`${name}.json`, bytes), '--threads', '1'],
    ...['--data', 'idx', '--data-dir', digits, '--out', workspace.path(name)],
  ];
  const lines = times(COUNT, (random, i) => line(`config-${i}`, damage(whole, random)));
  const warm = [0, 1, 2].map((i) => line(`whole-config-${i}`, whole));
  const codes = await fuzz('configurations', warm, lines);
  expect(codes[0]).toBeUndefined();
});

test(`${COUNT} data sets`, { timeout: 2 * LIMIT_MS }, async () => {
  // Refused once the data are read: their images do not fit.
  const other = workspace.write('other.json', JSON.stringify(OTHER));
  const read = ['train', '--config', other, '--data', 'idx'];
  const names = [IMAGES, LABELS] as const;
  const lines = times(COUNT, (random, i) => {
    const folder = `data-${i}`;
    mkdirSync(workspace.path(folder));
    for (const name of names) {
      const base = readFileSync(`${digits}/${name}`);
      const packed = random(2) === 1;
      const bytes = packed ? gzipSync(base) : base;
      const changed = names[random(3)] === name || random(2) ? damage(bytes, random) : bytes;
      workspace.write(`${folder}/${name}${packed ? '.gz' : ''}`, changed);
    }
    return [...read, '--data-dir', workspace.path(folder), '--out', workspace.path(`out-${i}`)];
  });
  const warm = [0, 1, 2].map((i) => [
    ...read,
    '--data-dir',
    digits,
    '--out',
    workspace.path(`warm-${i}`),
  ]);
  await fuzz('data sets', warm, lines);
});
