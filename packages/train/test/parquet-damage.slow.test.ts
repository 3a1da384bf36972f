/** Damaged Parquet files: refused in a line, or read, but never without an end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelError, randomSequence } from '@ganport/model';
import { expect, test } from 'vitest';
import { openParquetReader, type ParquetReader } from '../src/data/pictures/parquet-reader.ts';
import { greyPng, temporaryFolder } from './files.ts';
import { mutations } from './mutations.ts';
import { parquet } from './parquet.ts';

const png = await greyPng(4);
const WHOLE = parquet({ images: [png, png, png], labels: [0, 1, 0], names: ['cat', 'dog'] });

/** Bytes changed between the marks at both ends: what other damage hides behind a footer that is not found. */
function* changed(count: number): Generator<Buffer> {
  for (let n = 0; n < count; n++) {
    const { below } = randomSequence(1, 0, n);
    const bytes = Buffer.from(WHOLE);
    for (let change = 0; change <= below(3); change++)
      bytes[4 + below(bytes.length - 12)] = below(256);
    yield bytes;
  }
}

/** Every value of the columns that are read. */
async function readAll({ open, column }: ParquetReader, path: string): Promise<number> {
  const { row_groups: groups, num_rows: rows } = await open(path);
  // Refused by who opens it.
  if (Number(rows) > WHOLE.length) throw new ModelError(`${path}: too many rows`);
  let count = 0;
  for (const group of groups.keys()) {
    for (const name of ['image', 'label']) count += (await column(name, group)).length;
  }
  return count;
}

/** Far below the limit of time: what is damaged is found before it is decoded. */
const LONGEST_MS = 5000;

test.each([
  ['bytes changed, cut out, put in twice, or the end missing', mutations(WHOLE, 250)],
  ['bytes changed', changed(250)],
])('%s', async (_name, files) => {
  const path = join(temporaryFolder(), 'x.parquet');
  const reader = openParquetReader();
  let refused = 0;
  try {
    for (const bytes of files) {
      writeFileSync(path, bytes);
      const start = performance.now();
      const read = await readAll(reader, path).catch((error: unknown) => error);
      expect(performance.now() - start).toBeLessThan(LONGEST_MS);
      if (typeof read === 'number') continue;
      refused++;
      expect(read).toBeInstanceOf(ModelError);
      const { message } = read as ModelError;
      expect(message).toContain(path);
      expect(message).not.toMatch(/\p{Cc}/u);
    }
    // One reader told of all of them, and reads on.
    writeFileSync(path, WHOLE);
    expect(await readAll(reader, path)).toBe(6);
    expect(refused).toBeGreaterThan(100);
  } finally {
    await reader.close();
  }
});

test('what takes too long is given up, and so is what is asked for later', async () => {
  const path = join(temporaryFolder(), 'x.parquet');
  writeFileSync(path, WHOLE);
  const reader = openParquetReader(0);
  try {
    await expect(reader.open(path)).rejects.toThrow(
      /x\.parquet: not a Parquet file, or damaged: expected a column of a group of rows within 0\.0 s/,
    );
    await expect(reader.column('image', 0)).rejects.toThrow(/within 0\.0 s/);
  } finally {
    await reader.close();
  }
});
