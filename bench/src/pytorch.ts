/** A Python environment with PyTorch, made once in the ignored folder .cache/pytorch. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('../../.cache/pytorch', import.meta.url));

/**
 * Installs the newest PyTorch where none works yet.
 * @returns the environment's Python
 * @throws Error saying in one line why there is none
 */
export async function preparePyTorch(
  onProgress: (line: string) => void,
  { folder = FOLDER, python = 'python3' } = {},
): Promise<string> {
  const ours = `${folder}/bin/python`;
  if (await hasPyTorch(ours)) return ours;
  onProgress(`PyTorch: installing into ${folder}, about 3 GB to download`);
  await run(python, ['-m', 'venv', '--clear', folder], onProgress);
  // Where there is no index, two attempts are enough to know.
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--timeout', '15', '--retries', '1'];
  await run(ours, [...pip, 'install', '--progress-bar', 'off', 'torch', 'numpy'], onProgress);
  if (!(await hasPyTorch(ours)))
    throw new Error(`PyTorch was installed, but ${ours} cannot import it`);
  return ours;
}

/** @returns the Python. @throws Error in one line if it does not import PyTorch */
export async function expectPyTorch(python: string): Promise<string> {
  if (await hasPyTorch(python)) return python;
  throw new Error(`${python} does not import torch`);
}

async function hasPyTorch(python: string): Promise<boolean> {
  try {
    await promisify(execFile)(python, ['-c', 'import torch']);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error with the last line that begins with ERROR, or else the last, if it fails */
function run(
  command: string,
  args: readonly string[],
  onProgress: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [last, error] = ['', ''];
    for (const lines of [child.stdout, child.stderr]) {
      createInterface({ input: lines }).on('line', (line) => {
        onProgress(`PyTorch: ${line}`);
        if (line.trim()) last = line.trim();
        if (line.startsWith('ERROR: ')) error = line.slice('ERROR: '.length);
      });
    }
    child.once('error', ({ message }) => reject(new Error(`PyTorch needs ${command}: ${message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`PyTorch could not be installed: ${error || last}`));
    });
  });
}
