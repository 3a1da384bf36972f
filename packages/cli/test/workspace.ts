/** A temporary folder, and a GAN and digits so small that training on them takes milliseconds. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idx } from '../../train/test/files.ts';

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
  // With the published settings, whatever the default is.
  preset: 'mlp',
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
