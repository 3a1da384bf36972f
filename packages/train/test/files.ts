import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganport-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
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
