/**
 * `node run.mjs OUT`: doctor, checks and benchmarks, each a process with a time limit; what one of them
 * breaks does not stop the others. QUICK=1 tries it all in a minute. See README.md.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SKIPPED } from './skip.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const GANPORT = path('../../packages/cli/dist/main.js');
const BENCH = path('../dist/bench.js');

const QUICK = process.env.QUICK === '1';
const [, , folder = 'out'] = process.argv;
if (folder.startsWith('-')) {
  const asked = folder === '-h' || folder === '--help';
  console[asked ? 'log' : 'error']('usage: node run.mjs [OUT]');
  process.exit(asked ? 0 : 2);
}
const OUT = resolve(folder);
mkdirSync(OUT, { recursive: true });

const summary = { quick: QUICK, node: process.version, parts: {} };
const torch = findTorch();
if (torch) summary.torch = torch.version;
/** PyTorch's wheels bring CUDA's libraries, which the system may not have elsewhere. */
const libraries = [process.env.LD_LIBRARY_PATH, torch?.libraries].filter(Boolean).join(':');
const env = { ...process.env, ...(libraries && { LD_LIBRARY_PATH: libraries }) };

/** What the system's python3 imports, if it imports torch. */
function findTorch() {
  const script = `
import glob, importlib.util, json, torch
found = importlib.util.find_spec("nvidia")
folders = [f for p in (found.submodule_search_locations if found else []) for f in glob.glob(p + "/*/lib")]
print(json.dumps({"version": torch.__version__, "libraries": ":".join(folders)}))`;
  try {
    const stdio = ['ignore', 'pipe', 'ignore'];
    return JSON.parse(execFileSync('python3', ['-c', script], { stdio, timeout: 120_000 }));
  } catch {
    return undefined;
  }
}

/**
 * Runs node on a script: its standard output goes to `file` in OUT, its standard error to NAME.log there.
 * @returns whether it worked
 */
async function part(name, { args, limit, file = `${name}.json` }) {
  const log = join(OUT, `${name}.log`);
  const [stdout, stderr] = [join(OUT, file), log].map((place) => openSync(place, 'w'));
  const began = performance.now();
  // A process group of its own: its children end with it.
  const child = spawn(process.execPath, args, {
    env,
    stdio: ['ignore', stdout, stderr],
    detached: true,
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill(-child.pid, 'SIGKILL');
  }, limit * 1000);
  const [code, signal] = await new Promise((settle) => {
    child.once('error', (error) => settle([null, error.message]));
    child.once('close', (...end) => settle(end));
  });
  clearTimeout(timer);
  for (const open of [stdout, stderr]) closeSync(open);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  // Of an error that nobody caught, Node's own last line is its version.
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const lastWords = lines.findLast((line) => /^\w*Error: /.test(line)) ?? lines.at(-1);
  const why = late
    ? `it took more than ${limit} s`
    : lastWords || `it ended with ${signal ?? code}`;
  const status = { 0: 'ok', [SKIPPED]: 'skipped' }[code] ?? 'failed';
  conclude(name, status === 'ok' ? { status, seconds } : { status, why, seconds });
  return status === 'ok';
}

/** Written after each part: an interrupted run has what it did. */
function conclude(name, result) {
  summary.parts[name] = result;
  writeFileSync(join(OUT, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  const { status, seconds = 0, why } = result;
  console.log(`${name}: ${status}, ${seconds} s${why ? `: ${why}` : ''}`);
}

/** CUDA, WebGPU on a GPU, or the CPU, by the checks on them. */
function bestDevice() {
  const works = (device) => summary.parts[`checks-${device}`]?.status === 'ok';
  if (works('cuda')) return 'cuda';
  const gpu = readdirSync('/dev').some((name) => /^(nvidia\d+|dxg|dri)$/.test(name));
  return works('webgpu') && gpu ? 'webgpu' : 'cpu';
}

/** `quick` on the best device, its generator, and the grid of its last samples. */
async function trainQuick() {
  const run = join(OUT, 'run');
  rmSync(run, { recursive: true, force: true });
  const steps = QUICK ? 100 : 300;
  const asked = [
    '--preset',
    'quick',
    '--steps',
    `${steps}`,
    '--device',
    bestDevice(),
    '--out',
    run,
  ];
  const train = [GANPORT, 'train', ...asked, '--engine', 'onnxruntime', '--json'];
  if (!(await part('train', { args: train, limit: 600 }))) return undefined;
  const grid = readdirSync(join(run, 'samples'))
    .filter((name) => name.endsWith('.png'))
    .sort()
    .at(-1);
  copyFileSync(join(run, 'samples', grid), join(OUT, 'samples.png'));
  const model = join(OUT, 'generator.onnx');
  const args = [GANPORT, 'export', run, '-o', model, '--json'];
  return (await part('export', { args, limit: 120 })) ? model : undefined;
}

await part('doctor', { args: [GANPORT, 'doctor', '--json'], limit: 300 });
for (const device of ['webgpu', 'cuda']) {
  await part(`checks-${device}`, { args: [path('checks.mjs'), device], limit: 300 });
}
await part('cuda-graphs', { args: [path('cuda-graphs.mjs')], limit: 300 });
const model = await trainQuick();
for (const device of ['cpu', 'webgpu', 'cuda']) {
  for (const what of ['sampling', 'serving']) {
    const name = `${what}-${device}`;
    if (model) await part(name, { args: [path(`${what}.mjs`), device, model], limit: 180 });
    else conclude(name, { status: 'skipped', why: 'there is no generator: see train and export' });
  }
}
const size = QUICK ? ['--preset', 'mlp', '--batch', '64', '--rounds', '1'] : [];
const pytorch = torch
  ? ['--only', 'onnxruntime,PyTorch', '--python', 'python3']
  : ['--only', 'onnxruntime'];
const json = ['--json', join(OUT, 'engines.json')];
const args = [BENCH, 'engines', ...size, ...pytorch, ...json];
await part('engines', { args, limit: 1800, file: 'engines.txt' });
if (!torch) conclude('pytorch', { status: 'skipped', why: 'python3 does not import torch' });
process.exitCode = Object.values(summary.parts).some(({ status }) => status === 'failed') ? 1 : 0;
if (!existsSync(join(OUT, 'samples.png'))) process.exitCode = 1;
