import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readIdx } from '../src/data/idx.ts';
import { idx, temporaryFolder } from './files.ts';

const RUNS = { seed: 20_261_123, numRuns: 500 };

function written(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'file-idx');
  writeFileSync(path, bytes);
  return path;
}

const SMALL = idx([2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255]);

/** A gzip file that gives a long name for what is in it, as gzip does and Node does not. */
function gzipNamed(bytes: Uint8Array): Buffer {
  const packed = gzipSync(bytes);
  packed[3] = 8; // FNAME of RFC 1952: a name follows the ten bytes of the header
  const name = Buffer.from(`${'n'.repeat(255)}\0`);
  return Buffer.concat([packed.subarray(0, 10), name, packed.subarray(10)]);
}

test.each([
  ['plain', SMALL],
  ['gzipped', gzipSync(SMALL)],
  ['gzipped with a file name', gzipNamed(SMALL)],
])('a %s file gives its shape and its bytes', async (_, bytes) => {
  const { shape, data } = await readIdx(written(bytes), 3);
  expect(shape).toEqual([2, 2, 3]);
  expect([...data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255]);
});

/** One byte of a file changed. */
function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

test.each<[string, Buffer, number, RegExp]>([
  ['empty', Buffer.alloc(0), 3, /not an IDX file.* 16 bytes, got 0 /],
  ['cut within the header', SMALL.subarray(0, 15), 3, /not an IDX file.* 16 bytes, got 15 /],
  ['one byte short', SMALL.subarray(0, -1), 3, /expected 28 bytes .*\[2,2,3\], got 27$/],
  ['one byte too long', Buffer.concat([SMALL, Buffer.of(0)]), 3, /expected 28 bytes .* got 29$/],
  [
    'of another format',
    Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1'),
    3,
    /0x00000803, got 0x89504e47$/,
  ],
  ['of floats', changed(SMALL, 2, 0x0d), 3, /0x00000803, got 0x00000d03$/],
  ['of images, where labels are expected', SMALL, 1, /rank 1,.* 0x00000801, got 0x00000803$/],
  [
    'of 2^96 bytes by its header',
    idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []),
    3,
    /at most 1073741824/,
  ],
  [
    'gzipped and one byte short',
    gzipSync(SMALL.subarray(0, -1)),
    3,
    /expected 28 bytes .* got 27$/,
  ],
  [
    'gzipped and too long',
    gzipSync(Buffer.concat([SMALL, Buffer.of(0)])),
    3,
    /expected 28 bytes .*got more$/,
  ],
  ['gzipped and cut', gzipSync(SMALL).subarray(0, -9), 3, /damaged gzip file/],
  [
    'gzipped with a flipped checksum',
    changed(gzipSync(SMALL), gzipSync(SMALL).length - 8, 0),
    3,
    /damaged gzip file/,
  ],
])('a file that is %s is refused in one line', async (_, bytes, rank, message) => {
  const path = written(bytes);
  const error = await readIdx(path, rank).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(message);
  expect(error.message).toContain(path);
  expect(error.message).not.toContain('\n');
});

/** 128 MiB of zeros after an IDX header, packed without ever being in memory whole. */
async function bomb(shape: readonly number[]): Promise<Buffer> {
  const parts = [idx(shape, []), ...Array<Buffer>(128).fill(Buffer.alloc(2 ** 20))];
  return Buffer.concat(await Readable.from(parts).pipe(createGzip()).toArray());
}

test.each([
  [
    'more than its header says',
    [1, 28, 28],
    /expected 800 bytes for its shape \[1,28,28\], got more$/,
  ],
  [
    'what its header says, a thousandfold',
    [128, 1024, 1024],
    /134217744 bytes; of a gzip file of \d+ bytes at most 10 times as many are read: unpack it first/,
  ],
])('a gzip file that unpacks to %s is not unpacked', async (_, shape, message) => {
  const path = written(await bomb(shape));
  const peakMiB = () => process.resourceUsage().maxRSS / 1024;
  const before = peakMiB();
  await expect(readIdx(path, 3)).rejects.toThrow(message);
  expect(peakMiB() - before).toBeLessThan(64);
});

test('a file of either of two ranks is read, and no other', async () => {
  const colours = idx([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);
  expect((await readIdx(written(colours), 3, 4)).shape).toEqual([1, 1, 2, 3]);
  expect((await readIdx(written(SMALL), 3, 4)).shape).toEqual([2, 2, 3]);
  await expect(readIdx(written(idx([2], [1, 2])), 3, 4)).rejects.toThrow(
    /rank 3 or 4, magic number 0x00000803 or 0x00000804, got 0x00000801$/,
  );
  await expect(readIdx(written(colours.subarray(0, 19)), 3, 4)).rejects.toThrow(
    / 20 bytes, got 19 /,
  );
});

test('a file larger than any data set is refused unread', async () => {
  const path = written(SMALL);
  truncateSync(path, 2 ** 30 + 1);
  await expect(readIdx(path, 3)).rejects.toThrow(/at most 1073741824 bytes, got 1073741825/);
});

test('a missing file and a folder are refused by name', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'is-a-folder'));
  await expect(readIdx(join(folder, 'is-a-folder'), 3)).rejects.toThrow(
    /is-a-folder: expected a regular file, got a folder/,
  );
  await expect(readIdx(join(folder, 'none'), 3)).rejects.toThrow(/none: no such file .*\(ENOENT\)/);
});

test.runIf(process.platform === 'linux')('a file that cannot be read says which', async () => {
  await expect(readIdx('/proc/self/mem', 3)).rejects.toThrow(
    new ModelError('cannot read /proc/self/mem: EIO: i/o error, read'),
  );
});

test('whatever bytes a damaged file has, it is read as its header says or refused', async () => {
  const path = written(SMALL);
  const packed = gzipSync(SMALL);
  const damage = fc.record({
    file: fc.constantFrom(SMALL, packed),
    at: fc.nat(),
    bits: fc.integer({ min: 1, max: 255 }),
    kept: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ file, at, bits, kept }) => {
      const where = at % file.length;
      const flipped = changed(file, where, file[where]! ^ bits);
      writeFileSync(path, flipped.subarray(0, file.length - (kept % 4)));
      const result = await readIdx(path, 3).catch((e) => e);
      if (result instanceof ModelError) return;
      expect(result.data.length).toBe(result.shape.reduce((a: number, b: number) => a * b));
    }),
    RUNS,
  );
});
