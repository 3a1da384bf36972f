/** The machine and what is installed on it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { versions } from '../versions.ts';

interface Gpu {
  name: string;
  driver: string;
  memory: string;
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  platform: string;
  /** As NVIDIA's tool lists them. */
  gpus: Gpu[];
  /** Why it lists none. */
  noGpu?: string;
}

export async function machine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    ...(await nvidia()),
  };
}

/** With a driver that hangs, so does the tool. */
const NVIDIA_LIMIT_MS = 10_000;

async function nvidia(): Promise<Pick<Machine, 'gpus' | 'noGpu'>> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  try {
    const limits = { timeout: NVIDIA_LIMIT_MS, killSignal: 'SIGKILL' } as const;
    const { stdout } = await promisify(execFile)('nvidia-smi', query, limits);
    const gpus = stdout
      .split('\n')
      .map((line) => line.split(',').map((field) => field.trim()))
      .flatMap(([name, driver, memory]) =>
        name && driver && memory ? { name, driver, memory } : [],
      );
    return gpus.length > 0 ? { gpus } : { gpus, noGpu: 'nvidia-smi lists none' };
  } catch (error) {
    return { gpus: [], noGpu: whyNone(error as Failure) };
  }
}

type Failure = Omit<NodeJS.ErrnoException, 'code'> & {
  code?: string | number;
  killed?: boolean;
  stdout?: string;
};

function whyNone({ code, killed, stdout }: Failure): string {
  if (code === 'ENOENT') return 'nvidia-smi is not installed';
  if (killed) return `nvidia-smi gave no answer within ${NVIDIA_LIMIT_MS / 1000} s`;
  // It says on stdout why it failed.
  return stdout?.trim().split('\n')[0] || `nvidia-smi failed with ${code}`;
}

/** Packages of the tensorflow engine, which `@ganport/train` depends on. */
const TENSORFLOW = ['tfjs-core', 'tfjs-backend-wasm', 'tfjs-node', 'tfjs-node-gpu'];

/** Versions by package; of those that are optional, the installed ones. */
export function installedVersions(): Record<string, string> {
  const found: Record<string, string> = versions();
  const require = createRequire(createRequire(import.meta.url).resolve('@ganport/train'));
  for (const name of TENSORFLOW) {
    const path = `@tensorflow/${name}`;
    const version = versionIn(require.resolve.paths(path) ?? [], path);
    if (version) found[name] = version;
  }
  return found;
}

/** Read from its folder: an optional package need not load. */
function versionIn(folders: readonly string[], name: string): string | undefined {
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {}
  }
  return undefined;
}
