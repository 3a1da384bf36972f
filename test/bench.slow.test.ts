import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { readGrid } from '../bench/src/alarm/grid.ts';
import { labelledRuns, SIZE } from '../bench/src/alarm/runs.ts';
import { ContenderProcess } from '../bench/src/contender-process.ts';
import { formatData } from '../bench/src/data.ts';
import type { Comparison, ContenderResult } from '../bench/src/engines.ts';
import { formatEventLoop, watch } from '../bench/src/event-loop.ts';
import { stepFlops } from '../bench/src/flops.ts';
import { interleave, medianRatio, summarize } from '../bench/src/interleave.ts';
import { main } from '../bench/src/main.ts';
import { plotEngines } from '../bench/src/plot.ts';
import { type Layer, PRESETS, parameterCount } from '../bench/src/presets.ts';
import { preparePyTorch } from '../bench/src/pytorch.ts';
import { formatReport } from '../bench/src/report.ts';
import { formatServingAttacks } from '../bench/src/serving-attacks.ts';
import { formatServingBeside } from '../bench/src/serving-beside.ts';
import { preparePeers } from '../bench/src/serving-peers.ts';
import { samplesPng } from '../packages/train/src/evaluate/samples-png.ts';

test.each([
  ['mlp', 293_136, 267_009],
  ['conv', 328_764, 3_265_409],
] as const)('the contenders train the published %s GAN', (preset, generator, discriminator) => {
  expect(parameterCount(PRESETS[preset].generator)).toBe(generator);
  expect(parameterCount(PRESETS[preset].discriminator)).toBe(discriminator);
});

test('a step’s operations are twice its multiply-adds', () => {
  // The MLP's layers, by hand: forward, weight gradients and the input gradients that are needed.
  const g = 100 * 256 + 256 * 256 + 256 * 784;
  const d = 784 * 256 + 256 * 256 + 256;
  const multiplyAdds = g + 2 * (3 * d - 784 * 256) + (3 * g - 100 * 256) + 2 * d;
  expect(stepFlops(PRESETS.mlp, 128)).toBe(128 * 2 * multiplyAdds);

  // 3×3 from 50 to 25 channels, alone: forward twice, a weight gradient, no input gradient.
  const conv: Layer = { type: 'conv', from: 50, to: 25, kernel: 3, stride: 1, pad: 1, size: 56 };
  const alone = { generator: [conv], discriminator: [], sample: [] };
  expect(stepFlops(alone, 64)).toBe(3 * 64 * 2 * 9 * 50 * 25 * 56 * 56);
});

test('contenders take turns after a warm-up', async () => {
  const log: string[] = [];
  const runner = (name: string, secondsPerStep: number, stepsPerRun = 1) => ({
    stepsPerRun,
    run: async (steps: number) => {
      log.push(`${name}${steps}`);
      return steps * secondsPerStep;
    },
  });
  const contenders = [runner('a', 0.25), runner('b', 3), runner('c', 0.01, 30)];
  const times = await interleave(contenders, 2);
  const warmUp = ['a1', 'a4', 'b1', 'b1', 'c30', 'c90'];
  expect(log).toEqual([...warmUp, 'a4', 'b1', 'c90', 'a4', 'b1', 'c90']);
  expect(times).toEqual([
    [0.25, 0.25],
    [3, 3],
    [expect.closeTo(0.01), expect.closeTo(0.01)],
  ]);
});

test('who fails has no more turns, and the others go on', async () => {
  let runs = 0;
  const good = { run: async () => 1 };
  const bad = {
    run: async () => {
      runs += 1;
      if (runs === 4) throw new Error('out of memory');
      return 1;
    },
  };
  const failures: unknown[] = [];
  const times = await interleave([bad, good], 5, (who, error) => failures.push([who, error]));
  expect(times).toEqual([[1], [1, 1, 1, 1, 1]]);
  expect(failures).toEqual([[bad, new Error('out of memory')]]);
  expect(runs).toBe(4);
  await expect(interleave([{ run: () => Promise.reject(new Error('no')) }], 1)).rejects.toThrow(
    'no',
  );
});

test('steps on a folder are shown beside those on memory, with what they waited', () => {
  const step = { median: 12.345, min: 10, max: 20 };
  const waited = { median: 0.004, min: 0, max: 1.5 };
  const side = { step, waited };
  const only = { preset: 'mlp', batch: 128, size: 28, channels: 1 } as const;
  const lines = formatData([{ ...only, memory: side, folder: side, ratio: 1.0123 }])
    .trim()
    .split('\n');
  expect(lines.slice(1).map((line) => line.split(/\s{2,}/))).toEqual([
    ['mlp, 128 of 28×28×1, memory', '12.3 (10.0–20.0)', '0.00 (0.00–1.50)', '1'],
    ['mlp, 128 of 28×28×1, folder', '12.3 (10.0–20.0)', '0.00 (0.00–1.50)', '1.012'],
  ]);
});

test('the event loop’s largest gap is what holds it, also at the end', async () => {
  const hold = (ms: number) => {
    const start = performance.now();
    while (performance.now() - start < ms);
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const held = await watch(async () => {
    await pause(20);
    hold(300);
    await pause(20);
  });
  expect(held.gap).toBeGreaterThanOrEqual(300);
  expect(held.run).toBeGreaterThan(held.gap);
  const heldLast = await watch(async () => {
    await pause(20);
    hold(300);
  });
  expect(heldLast.gap).toBeGreaterThanOrEqual(300);
  const free = await watch(() => pause(600));
  expect(free.gap, 'this machine may be busy, but not for half a second').toBeLessThan(500);

  const [run, gap] = [summarize([200, 210, 190]), summarize([2, 3, 30])];
  const lines = formatEventLoop([{ name: 'drawing', run, gap }])
    .trim()
    .split('\n');
  expect(lines[1]!.split(/\s{2,}/)).toEqual(['drawing', '200.0 (190.0–210.0)', '3.0 (2.0–30.0)']);
});

test('ratios are taken within a round', () => {
  // The machine was three times slower in the last round, for both.
  const [fast, slow] = [
    [1, 2, 3],
    [10, 20, 33],
  ];
  expect(medianRatio(slow, fast)).toBe(10);
  expect(summarize([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
});

const OPTIONS = { preset: 'mlp', batch: 64, threads: 1, device: 'cpu' } as const;

/** A contender whose program is a line of JavaScript: what it does with each request. */
function startFake(onRequest: string, signal?: AbortSignal): Promise<ContenderProcess> {
  const program = `
    const reply = (message) => console.log(JSON.stringify(message));
    const lines = require('node:readline').createInterface({ input: process.stdin });
    lines.on('line', (line) => { const request = JSON.parse(line); ${onRequest} });`;
  return ContenderProcess.start([process.execPath, '-e', program], OPTIONS, signal);
}

const READY = `reply({ type: 'ready', description: JSON.stringify(request), parameters: 7, stepsPerRun: 2 })`;

test('a contender answers requests line by line', async () => {
  const contender = await startFake(`
    if (request.type === 'create') ${READY};
    if (request.type === 'run') reply({ type: 'ran', seconds: request.steps / 4 });
    if (request.type === 'end') reply({ type: 'ended', peakBytes: 1e6 });`);
  expect(JSON.parse(contender.description)).toEqual({ type: 'create', options: OPTIONS });
  expect(contender).toMatchObject({ parameters: 7, stepsPerRun: 2 });
  expect(await contender.run(8)).toBe(2);
  expect(await contender.end()).toBe(1e6);
});

test.each([
  ['its reason', `reply({ type: 'failed', reason: 'no such device' })`, /^no such device$/],
  [
    'its last words',
    `console.error('no libcudart\\n'); process.exit(1)`,
    /exit code 1: no libcudart$/,
  ],
  ['the signal', `process.kill(process.pid, 'SIGKILL')`, /process ended with SIGKILL$/],
  ['what it wrote instead', `console.log('hello')`, /wrote "hello", not a reply$/],
])('a contender that fails to start says %s', async (_, onRequest, message) => {
  await expect(startFake(onRequest)).rejects.toThrow(message);
});

test('a contender that died is noticed at the next request', async () => {
  const contender = await startFake(`if (request.type !== 'create') process.exit(3); ${READY};`);
  await expect(contender.run(1)).rejects.toThrow('exit code 3');
  await expect(contender.run(1)).rejects.toThrow('exit code 3');
});

test('a contender that takes too long is ended', async () => {
  await expect(startFake('', AbortSignal.timeout(200))).rejects.toThrow('aborted');
});

test('a program that is not there is named', async () => {
  const start = ContenderProcess.start(['no-such-python', 'gan.py'], OPTIONS);
  await expect(start).rejects.toThrow('no-such-python');
});

test.each([
  ['PyTorch’s row says', 'PyTorch', preparePyTorch],
  ['peers of the service say', 'peers', preparePeers],
] as const)('without Python, %s so', async (_, name, prepare) => {
  const folder = join(tmpdir(), 'ganport-no-python');
  const lines: string[] = [];
  const onProgress = (line: string) => lines.push(line);
  const prepared = prepare(onProgress, { folder, python: 'no-such-python' });
  await expect(prepared).rejects.toThrow(`${name} needs no-such-python`);
  expect(existsSync(folder)).toBe(false);
  expect(lines).toEqual([expect.stringContaining('installing')]);
});

function measured(name: string, seconds: number, ratio: number): ContenderResult {
  const secondsPerStep = { median: seconds, min: seconds * 0.9, max: seconds * 1.2 };
  const rest = {
    stepsPerSecond: 1 / seconds,
    gflops: 57.6,
    peakBytes: 191_954_944,
    firstStepSeconds: 0.5,
    ratio: { median: ratio, min: ratio, max: ratio === 1 ? 1 : ratio * 1.1 },
  };
  return { name, description: `${name} 1.0`, rounds: [seconds], secondsPerStep, ...rest };
}

const COMPARISONS: readonly Comparison[] = [64, 128].map((batch) => ({
  preset: 'mlp',
  batch,
  flops: 5_744_640 * batch,
  contenders: [
    measured('onnxruntime cpu', batch / 1e4, 1),
    { name: 'onnxruntime cuda', failed: 'not installed' },
    batch === 64
      ? measured('PyTorch cpu', 0.0123456, 1.93)
      : { name: 'PyTorch cpu', failed: 'out of memory' },
  ],
}));

test('the report has a row for every contender and a reason for every gap', () => {
  expect(formatReport(COMPARISONS)).toBe(`
mlp, batch 64, 0.37 GFLOP a step
                  steps/s  ms/step (min–max)  GFLOP/s  peak MB  first step, s             ratio
onnxruntime cpu       156   6.40 (5.76–7.68)     57.6      192          0.500              1.00
onnxruntime cuda        –                  –        –        –              –                 –
PyTorch cpu          81.0   12.3 (11.1–14.8)     57.6      192          0.500  1.93 (1.93–2.12)

mlp, batch 128, 0.74 GFLOP a step
                  steps/s  ms/step (min–max)  GFLOP/s  peak MB  first step, s  ratio
onnxruntime cpu      78.1   12.8 (11.5–15.4)     57.6      192          0.500   1.00
onnxruntime cuda        –                  –        –        –              –      –
PyTorch cpu             –                  –        –        –              –      –

onnxruntime cpu: onnxruntime cpu 1.0
onnxruntime cuda: not installed
PyTorch cpu: PyTorch cpu 1.0
PyTorch cpu: out of memory
ratio: the time of a step over that of onnxruntime cpu, the median of all rounds (of all starts: smallest–largest)
`);
});

test('the service stands beside its peers, or it is said why there are none', () => {
  const one = (value: number) => ({ median: value, min: value - 1, max: value + 1 });
  const results = [
    { name: 'ganport', rate: one(300), perCpu: one(200), times: 1, timesPerCpu: 1 },
    { name: 'FastAPI', rate: one(100), perCpu: one(50), times: 3, timesPerCpu: 4 },
  ];
  const points = [{ clients: 16, count: 8, format: 'png', results } as const];
  const notes = ['LitServe: it did not answer'];
  const lines = formatServingBeside({ points, notes }).trim().split('\n');
  expect(lines.slice(1).map((line) => line.split(/\s{2,}/))).toEqual([
    [
      ...['clients × pictures', 'ganport, /s', 'FastAPI, /s', '÷ FastAPI'],
      ...['ganport, /CPU s', 'FastAPI, /CPU s', '÷ FastAPI'],
    ],
    ['16 × 8 png', '300 (299–301)', '100 (99–101)', '3.00', '200', '50', '4.00'],
    notes,
  ]);
  expect(formatServingBeside({ points: [], notes })).toBe(`\n${notes}\n`);
});

test('an attack is held where the next picture comes soon and the process stays small', () => {
  const bytes = 300 * 2 ** 20;
  const rows = formatServingAttacks([
    { name: 'a', nextMs: 99, healthMs: 0, peakBytes: bytes },
    { name: 'b', nextMs: 101, healthMs: 3.14, peakBytes: bytes },
    { name: 'c', nextMs: 9, healthMs: 3.14, peakBytes: 2 * bytes },
  ]).split('\n');
  expect(rows.slice(2, 5).map((line) => line.split(/\s{2,}/))).toEqual([
    ['a', '99', '–', '300', 'yes'],
    ['b', '101', '3.1', '300', 'no'],
    ['c', '9', '3.1', '600', 'no'],
  ]);
});

test('the chart has a dot and a label for every contender that was measured', () => {
  const svg = plotEngines(COMPARISONS, 'a machine');
  const circles = [...svg.matchAll(/<circle[^>]* cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(circles).toHaveLength(3);
  // From left to right as from slow to fast: 78.1, 81.0, 156 steps a second.
  const [fast, slow, middle] = [circles[0]!, ...circles.slice(1).toSorted((a, b) => a - b)];
  expect([fast! > middle!, middle! > slow!]).toEqual([true, true]);
  for (const text of [
    '156 (1.00×)',
    '78.1 (1.00×)',
    '81.0 (1.93×)',
    'mlp, batch 128',
    'a machine',
  ]) {
    expect(svg).toContain(text);
  }
  expect(svg.match(/no number/g)).toHaveLength(1);
  expect(svg).not.toMatch(/onnxruntime cuda|NaN|undefined/);
});

test('sixty labelled runs, as many of odd seeds as of even ones, each with a name of its own', () => {
  const runs = labelledRuns();
  expect(new Set(runs.map(({ name }) => name)).size).toBe(60);
  expect(runs.filter(({ seed }) => seed % 2 === 1)).toHaveLength(30);
  expect(runs.filter(({ broken }) => broken)).toHaveLength(36);
});

test.each([1, 3] as const)(
  "a run's pictures of %i channels are read as they were drawn",
  async (channels) => {
    const images = Float32Array.from({ length: 64 * channels * SIZE ** 2 }, (_, i) => Math.sin(i));
    const png = await samplesPng(images, {
      height: SIZE,
      width: SIZE,
      channels,
    });
    const path = join(mkdtempSync(join(tmpdir(), 'ganport-grid-')), 'grid.png');
    writeFileSync(path, png);
    const read = await readGrid(path, channels);
    expect(read).toHaveLength(images.length);
    // Half a level of 255.
    expect(read.findIndex((x, i) => Math.abs(x - images[i]!) > 1 / 255 + 1e-6)).toBe(-1);
  },
);

const BENCHMARKS =
  'engines, conv-gradients, event-loop, data, alarm, serve, serve-memory, serve-attacks, serve-peers, web, methods';

test.each([
  [[], `expected one of ${BENCHMARKS}; got none`],
  [['engnies'], `expected one of ${BENCHMARKS}; got engnies`],
  [['constructor'], `expected one of ${BENCHMARKS}; got constructor`],
  [['engines', '--preset', 'cnn'], '--preset is one of mlp, conv; got "cnn"'],
  [['engines', '--rounds', '0'], '--rounds is a whole number from 1; got "0"'],
  [['engines', '--batch', '64,'], '--batch is a whole number from 1; got ""'],
  [['engines', '--only', 'JAX'], '--only takes beginnings of onnxruntime cpu, '],
  [
    ['engines', '--plot', 'chart.pdf'],
    '--plot is a file that ends in .svg or .png; got "chart.pdf"',
  ],
  [['engines', '--json', 'no/such/folder.json'], 'no/such/folder.json: its folder does not exist'],
  [['web', '--preset', 'sngan'], '--preset is one of mlp, conv, quick, dcgan; got "sngan"'],
  [['web', '--only', 'both'], '--only takes drawing or training; got "both"'],
  [['engines', '--fast'], "Unknown option '--fast'"],
])('wrong usage is 2: %j', async (args, message) => {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += text;
      return true;
    }),
  );
  const status = await main(args).finally(() => {
    for (const spy of spies) spy.mockRestore();
  });
  expect(written.stderr).toContain(message);
  expect({ status, stdout: written.stdout }).toEqual({ status: 2, stdout: '' });
});

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('the command exits with it', () => {
  const { status } = spawnSync('node', ['bench/dist/bench.js', 'engnies'], { cwd: ROOT });
  expect(status).toBe(2);
});

test.each([
  ['node', 'bench/dist/bench.js'],
  ['node', 'bench/gpu/pack.mjs'],
  ['node', 'bench/gpu/run.mjs'],
  ['bash', 'bench/gpu/run.sh'],
  ['bash', 'bench/tfjs-node/build.sh'],
])('%s %s --help says what may follow, and does nothing', (program, script) => {
  const { status, stdout, stderr } = spawnSync(program, [script, '--help'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: /);
});
