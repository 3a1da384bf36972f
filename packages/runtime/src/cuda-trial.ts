/** Loading CUDA's provider where it can do no harm: one that crashes takes its process with it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CUDA_FILES, cudaProblem, providerFolder } from './cuda.ts';
import { DeviceError } from './device-error.ts';

/** CUDA's own libraries have a gigabyte, which a cold disk reads in seconds. */
const LIMIT_MS = 60_000;

const LOADED = 'loaded';

/**
 * Loads what its arguments name. That none is a module of Node's is no fault; other errors are told better
 * when onnxruntime loads it. It is killed, as libraries may also crash at a process's end.
 */
const SCRIPT = `
for (const path of process.argv.slice(1)) try { process.dlopen({ exports: {} }, path); } catch {}
require('node:fs').writeSync(1, '${LOADED}');
process.kill(process.pid, 'SIGKILL');`;

/**
 * Loads the provider in a process of its own, which takes tenths of a second; without a provider nothing is done.
 * @throws DeviceError if that process crashes or hangs
 */
export async function expectCudaLoads(folder: string = providerFolder()): Promise<void> {
  if (cudaProblem(folder)) return;
  const paths = CUDA_FILES.map((file) => join(folder, file));
  const how = await new Promise<string | undefined>((resolve) => {
    const options = { timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
    execFile(process.execPath, ['-e', SCRIPT, ...paths], options, (error, stdout) => {
      if (stdout.includes(LOADED)) return resolve(undefined);
      resolve(error?.killed ? `no end within ${LIMIT_MS / 1000} s` : (error?.signal ?? 'an exit'));
    });
  });
  if (!how) return;
  const why = `its provider ends the process that loads it (${how})`;
  const remedy = '`ganport doctor --install cuda`, once the files in its folder are removed';
  throw new DeviceError('cuda', { why, remedy: `${remedy}: ${folder}` }, undefined);
}
