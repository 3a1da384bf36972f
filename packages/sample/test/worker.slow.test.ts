/** Threads and processes that end while they draw, as pages' servers and desktop programs end them: onnxruntime#13086. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { buildGenerator, writeTemporary } from './fixture.ts';

/** The package as it was built: a process of its own has no TypeScript. */
const BUILT = JSON.stringify(fileURLToPath(new URL('../dist/node.js', import.meta.url)));

/** Draws for seconds, unless it is ended. */
const SCRIPT = `
  import { setTimeout } from 'node:timers/promises';
  import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
  import { loadGenerator } from ${BUILT};
  const { sampler } = await loadGenerator(isMainThread ? process.argv[2] : workerData.file);
  const draw = () => sampler.sample({ seed: 1, count: 65536 });
  if (isMainThread) {
    for (const way of ['terminate', 'exit', 'terminate']) {
      const worker = new Worker(new URL(import.meta.url), { workerData: { file: process.argv[2], way } });
      worker.on('error', (error) => console.log(error.message));
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      await new Promise((resolve) => worker.once('message', resolve));
      await setTimeout(100);
      if (way === 'terminate') await worker.terminate();
      await exited;
      const { data } = await sampler.sample({ seed: 2, count: 3 });
      console.log(way, data.length);
    }
    void draw();
    await setTimeout(100);
    process.exit(7);
  } else {
    void draw();
    parentPort.postMessage('drawing');
    if (workerData.way === 'exit') {
      await setTimeout(50);
      process.exit(0);
    }
  }`;

test('a worker that is ended while it draws ends alone, and a process ends as it says', async () => {
  const { model } = buildGenerator({ height: 64, width: 64 });
  const file = await writeTemporary(model);
  const script = join(dirname(file.path), 'script.mjs');
  await writeFile(script, SCRIPT);
  const ended = await promisify(execFile)(process.execPath, [script, file.path]).catch(
    (error) => error,
  );
  const bytes = 3 * 64 * 64;
  expect(ended).toMatchObject({
    ...{ code: 7, signal: null, stderr: '' },
    stdout: `terminate ${bytes}\nexit ${bytes}\nterminate ${bytes}\n`,
  });
  await file.remove();
});
