/** A run beside the event loop, its end before it is done, and threads and programs that end. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { float32 } from '@ganport/onnx';
import { afterAll, expect, test } from 'vitest';
import { openNative } from '../src/native/program.ts';
import { accumulator, SIDE, slow } from './program/models.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-threads-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ones = float32(new Float32Array(SIDE * SIDE).fill(1), [SIDE, SIDE]);

/** A program whose run takes about a second. */
const openSlow = () =>
  openNative(slow(1000), { state: { sum: 'sum_next' }, device: 'cpu', threads: 1 });

test('the event loop turns during a long run', async () => {
  const program = await openSlow();
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 10);
  const start = performance.now();
  await program.run({ x: ones });
  const took = performance.now() - start;
  clearInterval(timer);
  await program.close();
  // On an idle machine it is ten in a hundred milliseconds.
  expect(turns, `turns in ${took} ms`).toBeGreaterThan(took / 100);
});

/** Milliseconds in which a cancelled run is to end. */
const CANCELLED_MS = 200;

test('a run that is cancelled ends soon, and the next one is right', async () => {
  const program = await openSlow();
  const waits: number[] = [];
  // The best of three: on a busy machine a thread may have to wait for its turn.
  for (let i = 0; i < 3; i += 1) {
    const controller = new AbortController();
    let aborted = Number.NaN;
    setTimeout(() => {
      aborted = performance.now();
      controller.abort(new Error('enough'));
    }, 50);
    const run = program.run({ x: ones }, { signal: controller.signal });
    await expect(run).rejects.toThrow('enough');
    waits.push(performance.now() - aborted);
  }
  expect(Math.min(...waits), `waits of ${waits} ms`).toBeLessThan(CANCELLED_MS);
  await program.run({ x: ones });
  await program.run({ x: ones });
  expect((await program.read(['sum'])).sum).toEqual(float32([2], []));
  await program.close();
});

/** The package as it was built: a process of its own has no TypeScript. */
const BUILT = JSON.stringify(fileURLToPath(new URL('../dist/node.js', import.meta.url)));

/** Runs a script with a model's file as its argument, in a process of its own. */
async function runScript(script: string, model: Uint8Array): Promise<string> {
  const [path, modelPath] = [join(folder, 'script.mjs'), join(folder, 'model.onnx')];
  writeFileSync(path, script);
  writeFileSync(modelPath, model);
  const parameters = ['--expose-gc', path, modelPath];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  return stdout;
}

test('a worker that is ended while it runs ends alone', async () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
    import { openNative } from ${BUILT};
    const model = readFileSync(isMainThread ? process.argv[2] : workerData);
    const options = { device: 'cpu', threads: 1, state: { sum: 'sum_next' } };
    const program = await openNative(model, options);
    const x = { dtype: 'float32', shape: [${SIDE}, ${SIDE}], data: new Float32Array(${SIDE ** 2}).fill(1) };
    if (isMainThread) {
      for (let i = 0; i < 3; i += 1) {
        const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
        await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await worker.terminate();
        await program.run({ x });
      }
      // What the workers left would end the process now, if at all.
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 500));
      console.log('the sum is', (await program.read(['sum'])).sum.data[0]);
      await program.close();
    } else {
      await program.run({ x });
      parentPort.postMessage('running');
      for (;;) await program.run({ x });
    }`;
  expect(await runScript(script, slow(300))).toBe('the sum is 3\n');
});

test('a process that exits during a run does not wait for its end', async () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { openNative } from ${BUILT};
    const model = readFileSync(process.argv[2]);
    const options = { device: 'cpu', threads: 1, state: { sum: 'sum_next' } };
    const program = await openNative(model, options);
    const x = { dtype: 'float32', shape: [${SIDE}, ${SIDE}], data: new Float32Array(${SIDE ** 2}).fill(1) };
    const start = Date.now();
    await program.run({ x });
    const whole = Date.now() - start;
    void program.run({ x });
    setTimeout(() => {
      console.log(whole, Date.now());
      process.exit();
    }, whole / 10);`;
  const [whole, exited] = (await runScript(script, slow(3000))).split(' ').map(Number);
  const waited = Date.now() - exited!;
  expect(waited, `milliseconds, of a run of ${whole}`).toBeLessThan(whole! / 2);
});

test('a hundred programs one after another, and one that nobody closes', async () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { openNative } from ${BUILT};
    const model = readFileSync(process.argv[2]);
    const options = { device: 'cpu', threads: 1, state: { sum: 'sum_next' } };
    const x = { dtype: 'float32', shape: [2, 3], data: new Float32Array(6).fill(1) };
    let runs = 0;
    for (let i = 0; i < 100; i += 1) {
      const program = await openNative(model, options);
      const { doubled } = await program.run({ x });
      if (doubled.data.every((value) => value === 2)) runs += 1;
      await program.close();
      globalThis.gc();
    }
    await openNative(model, options);
    console.log('right runs:', runs);`;
  expect(await runScript(script, accumulator())).toBe('right runs: 100\n');
});
