/**
 * `node methods.mjs OUT NAME|FILE…`: the sweeps of `pnpm bench methods`, or of files, several runs at a time, which
 * share a GPU. What `ganport sweep` does in a row; OUT/NAME/results.json is the same. See README.md.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planSweep } from '@ganport/train';
import { prepareData } from '../dist/methods/data.js';
import { SWEEPS } from '../dist/methods/sweeps.js';

const GANPORT = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
/** Runs at a time, the seconds after which none is begun and all are ended, and where they train. */
const { JOBS = '8', LIMIT_S = '540', DEVICE = 'cuda', MNIST } = process.env;

const [folder, ...names] = process.argv.slice(2);
if (!folder || folder.startsWith('-') || names.length === 0) {
  console.error(
    'usage: JOBS=8 LIMIT_S=540 DEVICE=cuda MNIST=FOLDER node methods.mjs OUT NAME|FILE…',
  );
  process.exit(2);
}
const wrong = names.find((name) => !Object.hasOwn(SWEEPS, name) && !existsSync(name));
if (wrong !== undefined || !(Number(JOBS) >= 1)) {
  const expected = `expected ${Object.keys(SWEEPS).join(', ')}, or a file`;
  console.error(
    wrong === undefined ? `JOBS: expected 1 or more, got ${JOBS}` : `${wrong}: ${expected}`,
  );
  process.exit(2);
}
const OUT = resolve(folder);
const start = Date.now();
const told = (line) => console.error(`${((Date.now() - start) / 1000).toFixed(0)} s: ${line}`);

async function sweepOf(name) {
  if (existsSync(name)) return JSON.parse(readFileSync(name, 'utf8'));
  const { data, base, vary, scored } = SWEEPS[name];
  const prepared = await prepareData(data, join(OUT, 'data'), MNIST && resolve(MNIST));
  const { count, features } = prepared;
  return {
    base: { ...prepared.base, ...base },
    vary,
    eval: { count: scored ?? count, ...(features && { features }) },
  };
}

/** A sweep of one run for each of a sweep, of the same name. */
async function jobsOf(name) {
  const sweep = await sweepOf(name);
  const short = basename(name, '.json');
  mkdirSync(join(OUT, short, 'parts'), { recursive: true });
  return planSweep(sweep, name, OUT).runs.map((run) => {
    const axes = Object.entries(sweep.vary).map(([axis, values]) => {
      const label = run.settings[axis];
      const one = Array.isArray(values)
        ? values.filter(
            (value) => (typeof value === 'string' ? value : JSON.stringify(value)) === label,
          )
        : { [label]: values[label] };
      return [axis, one];
    });
    const file = join(OUT, short, `${run.name}.json`);
    writeFileSync(file, JSON.stringify({ ...sweep, vary: Object.fromEntries(axes) }));
    return { sweep: short, run, file, parts: join(OUT, short, 'parts', run.name) };
  });
}

const failed = [];

function take({ sweep, run, file, parts }) {
  const what = `${sweep} ${run.name}`;
  told(`begins ${what}`);
  return new Promise((done) => {
    const args = [GANPORT, 'sweep', file, '--out', parts, '--device', DEVICE, '--threads', '1'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let last = '';
    child.stderr.on('data', (chunk) => {
      last = `${last}${chunk}`.slice(-600);
    });
    const left = start + LIMIT_S * 1000 - Date.now();
    const timer = setTimeout(() => child.kill('SIGTERM'), left);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      told(`ends ${what}: ${code ?? signal} ${code === 0 ? lastScore(parts) : last}`);
      if (code !== 0 && !child.killed) {
        failed.push(what);
        if (recordsOf(parts).length === 0) recordFailure(run, parts, last.trim() || signal);
      }
      merge(sweep);
      done();
    });
  });
}

const recordsOf = (parts) => {
  const file = join(parts, 'results.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).runs : [];
};

/** Of a run that ended before its sweep could: it is in the tables, and tried again another time. */
function recordFailure({ name, settings, digest }, parts, error) {
  const runs = [{ name, settings, digest, step: 0, status: 'failed', error }];
  mkdirSync(parts, { recursive: true });
  writeFileSync(join(parts, 'results.json'), JSON.stringify({ format: 1, runs }));
}

function lastScore(parts) {
  const [{ scores, msPerStep, step } = {}] = recordsOf(parts);
  return JSON.stringify({ step, msPerStep, scores: scores?.['Fréchet distance'] });
}

function merge(sweep) {
  const parts = join(OUT, sweep, 'parts');
  const runs = readdirSync(parts).flatMap((name) => recordsOf(join(parts, name)));
  writeFileSync(join(OUT, sweep, 'results.json'), JSON.stringify({ format: 1, runs }, null, 2));
}

const jobs = [];
for (const name of names) jobs.push(...(await jobsOf(name)));
const workers = Array.from({ length: Number(JOBS) }, async () => {
  while (jobs.length > 0 && Date.now() < start + LIMIT_S * 1000) await take(jobs.shift());
});
await Promise.all(workers);
told(`${jobs.length} runs were not begun`);
for (const what of failed) told(`failed: ${what}`);
process.exitCode = Number(failed.length > 0);
