import { expect, onTestFinished, test } from 'vitest';
import { type Findings, report, wrap } from '../src/doctor/report.ts';
import { runProbe } from '../src/doctor/run-probe.ts';
import { Workspace } from './workspace.ts';

/** A probe of these lines. */
function script(...lines: string[]): string {
  const workspace = new Workspace();
  onTestFinished(() => workspace.remove());
  return workspace.write('probe.mjs', lines.join('\n'));
}

const FIRST = 'process.send({ status: { works: true, description: "first" }, last: false });';
const SECOND = 'process.send({ status: { works: true, description: "second" }, last: true });';
const FOREVER = 'setInterval(() => {}, 1000);';

test('a probe tells what it found, whatever its libraries print', async () => {
  const noise = 'console.log("driver 1.0"); console.error("warning");';
  const options = { script: script(noise, FIRST, SECOND, 'process.disconnect();') };
  expect(await runProbe([], options)).toEqual({ works: true, description: 'second' });
});

test.each([
  ['crashes', 'process.kill(process.pid, "SIGSEGV");', 'its process ended with SIGSEGV'],
  ['ends', 'process.exit(3);', 'its process ended with exit code 3'],
  ['hangs', FOREVER, 'no result within 1 s'],
  [
    'hangs and ignores signals',
    `process.on('SIGTERM', () => {});${FOREVER}`,
    'no result within 1 s',
  ],
])('a probe that %s', async (_, end, why) => {
  const nothing = await runProbe([], { script: script(end), limitMs: 1000 });
  expect(nothing).toMatchObject({ works: false, why });
  expect(nothing.remedy).toBeTruthy();
});

test('a probe that crashes after its first result keeps that', async () => {
  const wait = 'setTimeout(() => process.kill(process.pid, "SIGBUS"), 200);';
  const status = await runProbe([], { script: script(FIRST, wait) });
  expect(status).toEqual({
    works: true,
    description: 'first',
    why: 'its process ended with SIGBUS',
  });
});

const FINDINGS: Findings = {
  versions: { ganport: '1.2.3' },
  machine: {
    cpu: 'A processor',
    cores: 8,
    memoryGiB: 32,
    platform: 'linux-x64',
    gpus: [{ name: 'NVIDIA X', driver: '570.1', memory: '8192 MiB' }],
  },
  engines: [
    {
      engine: 'onnxruntime',
      device: 'cpu',
      works: true,
      description: 'a library on the CPU',
      speed: { network: 'mlp', batch: 64, steps: 20, seconds: 0.5, stepsPerSecond: 40 },
    },
    {
      engine: 'tensorflow',
      device: 'cuda',
      works: false,
      why: 'a reason with several words that go on and on beyond what fits',
      remedy: '`a command`',
    },
  ],
};

test('the report says what works, how fast, and what is missing', () => {
  expect(report(FINDINGS, 60)).toBe(
    [
      'machine             A processor, 8 cores, 32 GiB, linux-x64',
      'GPU                 NVIDIA X, 8192 MiB, driver 570.1',
      'ganport             1.2.3',
      '',
      'onnxruntime on cpu  works: 40.0 steps/s (20 steps of mlp at',
      '                      batch 64)',
      '                    a library on the CPU',
      'tensorflow on cuda  missing: a reason with several words',
      '                      that go on and on beyond what fits',
      '                    needs `a command`',
    ].join('\n'),
  );
});

test.each([40, 80, Number.POSITIVE_INFINITY])('text broken at %d keeps its words', (width) => {
  const text = `${'some words '.repeat(20)}${'x'.repeat(90)} end`;
  const broken = wrap(text, width);
  expect(broken.map((line) => line.trim()).join(' ')).toBe(text);
  const fitting = broken.filter((line) => !line.includes('xxx'));
  if (width < 80)
    expect(Math.max(...fitting.map(({ length }) => length))).toBeLessThanOrEqual(width);
});
