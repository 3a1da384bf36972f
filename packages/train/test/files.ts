import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import type { Dataset } from '../src/data/index.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganport-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A folder "set" of files by their paths in it, gone after the test. */
export function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = join(temporaryFolder(), 'set');
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/** All images of a data set: bytes [count, H, W, C]. */
export function allImages({ count, read }: Dataset): Promise<Uint8Array> {
  return read(Uint32Array.from({ length: count }, (_, i) => i));
}

/** A grey PNG, size × size. */
export function greyPng(size: number): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: size * size }, (_, i) => i % 251);
  const raw = { width: size, height: size, channels: 1 } as const;
  return sharp(pixels, { raw }).toColourspace('b-w').png().toBuffer();
}

/** An IDX file of unsigned bytes, as MNIST's page describes the format. */
export function idx(shape: readonly number[], data: Iterable<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, Buffer.from([...data])]);
}
