/** Runs command lines in this process, on a GAN and digits so small that training takes milliseconds. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { idx } from '../../train/test/files.ts';
import { main } from '../src/cli.ts';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export async function ganport(...args: string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      written[stream] += chunk;
      return true;
    }),
  );
  try {
    return { code: await main(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Runs a command line that must fail with this code, one line on stderr and nothing on stdout. */
export async function failure(code: number, ...args: string[]): Promise<string> {
  const outcome = await ganport(...args);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toMatch(/^ganport: [^\n]+\n$/);
  return outcome.stderr;
}

export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'ganport-cli-'));

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  write(name: string, contents: string | Uint8Array): string {
    writeFileSync(this.path(name), contents);
    return this.path(name);
  }

  /** Files in a folder of the workspace by path, each with a digest. */
  contents(name = ''): Record<string, string> {
    const root = this.path(name);
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const digests = files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [
        path.slice(root.length),
        createHash('sha256').update(readFileSync(path)).digest('hex'),
      ];
    });
    return Object.fromEntries(digests);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

const dense = (units: number) => ({ type: 'dense', units });

/** A configuration of 28 × 28 pictures. */
export const TINY = {
  name: 'tiny',
  generator: {
    inputs: { z: [4] },
    layers: [dense(784), { type: 'tanh' }, { type: 'reshape', shape: [1, 28, 28] }],
  },
  discriminator: {
    inputs: { image: [1, 28, 28] },
    layers: [{ type: 'flatten' }, dense(8), { type: 'leakyRelu', slope: 0.2 }, dense(1)],
  },
  batch: 4,
  steps: 4,
  every: { metrics: 1, checkpoint: 2 },
};

export const IMAGES = 'train-images-idx3-ubyte';
export const LABELS = 'train-labels-idx1-ubyte';

/** Writes a folder in MNIST's format: `count` gradients. */
export function writeDigits(workspace: Workspace, name: string, count = 12): string {
  mkdirSync(workspace.path(name));
  const pixels = Array.from({ length: count * 784 }, (_, i) => (i * (1 + (i % 784) / 300)) % 256);
  workspace.write(join(name, IMAGES), idx([count, 28, 28], pixels));
  workspace.write(
    join(name, LABELS),
    idx(
      [count],
      Array.from({ length: count }, (_, i) => i % 10),
    ),
  );
  return workspace.path(name);
}
