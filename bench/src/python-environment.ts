/** Python environments of peers, each made once in a folder of the ignored .cache. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Environment {
  /** Of what it is for, in messages. */
  readonly name: string;
  /** In .cache. */
  readonly folder: string;
  /** As pip installs them, in their newest versions. */
  readonly packages: readonly string[];
  /** Those that have to be there: by the names they are imported by. */
  readonly modules: readonly string[];
  /** What is to download, in words. */
  readonly size: string;
}

/**
 * Installs the packages where none work yet.
 * @returns the environment's Python
 * @throws Error saying in one line why there is none
 */
export async function prepareEnvironment(
  environment: Environment,
  onProgress: (line: string) => void,
  {
    folder = fileURLToPath(new URL(`../../.cache/${environment.folder}`, import.meta.url)),
    python = 'python3',
  } = {},
): Promise<string> {
  const { name, packages, modules, size } = environment;
  const ours = `${folder}/bin/python`;
  if (await imports(ours, modules)) return ours;
  onProgress(`${name}: installing into ${folder}, ${size} to download`);
  const tell = (line: string) => onProgress(`${name}: ${line}`);
  const call = (command: string, args: readonly string[]) => run(name, command, args, tell);
  await call(python, ['-m', 'venv', '--clear', folder]);
  // Where there is no index, two attempts are enough to know.
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--timeout', '15', '--retries', '1'];
  await call(ours, [...pip, 'install', '--progress-bar', 'off', ...packages]);
  if (!(await imports(ours, modules)))
    throw new Error(`${name} was installed, but ${ours} cannot import it`);
  return ours;
}

export async function imports(python: string, modules: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(python, ['-c', `import ${modules.join(', ')}`]);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error with the last line that begins with ERROR, or else the last, if it fails */
function run(
  name: string,
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [last, error] = ['', ''];
    for (const lines of [child.stdout, child.stderr]) {
      createInterface({ input: lines }).on('line', (line) => {
        onLine(line);
        if (line.trim()) last = line.trim();
        if (line.startsWith('ERROR: ')) error = line.slice('ERROR: '.length);
      });
    }
    child.once('error', ({ message }) => reject(new Error(`${name} needs ${command}: ${message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} could not be installed: ${error || last}`));
    });
  });
}
