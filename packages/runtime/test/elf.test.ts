/** What is read of shared libraries, those of this system and hostile ones. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { providerFolder } from '../src/cuda.ts';
import { isWholeLibrary, libraryProblem, neededLibraries } from '../src/elf.ts';
import { AT, fakeLibrary } from './fake-library.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-elf-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(bytes: Uint8Array): string {
  const path = join(folder, 'library.so');
  writeFileSync(path, bytes);
  return path;
}

const NEEDED = ['libcudart.so.12', 'libcublas.so.12', 'libc.so.6'];
/** Where the dynamic section of a library with these three begins, and where its segment is told. */
const DYNAMIC = 64 + 2 * 56;
const [LOAD_SEGMENT, DYNAMIC_SEGMENT] = [64, 64 + 56];

test('names of needed libraries, in order', () => {
  expect(neededLibraries(written(fakeLibrary({ needed: NEEDED, padding: 40 })))).toEqual(NEEDED);
  expect(neededLibraries(written(fakeLibrary()))).toEqual([]);
});

test.runIf(process.platform === 'linux')('those of the real libonnxruntime', () => {
  const file = readdirSync(providerFolder()).find((name) => name.startsWith('libonnxruntime.so'));
  const needed = neededLibraries(join(providerFolder(), file!));
  // What every C++ library of Linux is linked against.
  expect(needed).toEqual(expect.arrayContaining(['libc.so.6', 'libstdc++.so.6', 'libm.so.6']));
});

const FAR = 2n ** 63n;
const HOSTILE: [string, (file: Buffer) => void][] = [
  ['program headers beyond the end', (file) => file.writeBigUInt64LE(FAR, AT.programOffset)],
  ['more program headers than fit', (file) => file.writeUInt16LE(0xffff, AT.programCount)],
  ['program headers of another size', (file) => file.writeUInt16LE(0, AT.programSize)],
  ['no program headers', (file) => file.writeUInt16LE(0, AT.programCount)],
  ['a dynamic section beyond the end', (file) => file.writeBigUInt64LE(FAR, DYNAMIC_SEGMENT + 8)],
  ['an endless dynamic section', (file) => file.writeBigUInt64LE(FAR, DYNAMIC_SEGMENT + 32)],
  ['an endless segment', (file) => file.writeBigUInt64LE(FAR, LOAD_SEGMENT + 32)],
  ['a name beyond the table', (file) => file.writeBigUInt64LE(10_000n, DYNAMIC + 8)],
  ['a name far beyond the file', (file) => file.writeBigUInt64LE(FAR, DYNAMIC + 8)],
  ['strings outside all segments', (file) => file.writeBigUInt64LE(FAR, DYNAMIC + 16 * 3 + 8)],
  ['strings before the segment', (file) => file.writeBigUInt64LE(1n, DYNAMIC + 16 * 3 + 8)],
  ['no table of strings', (file) => file.writeBigInt64LE(99n, DYNAMIC + 16 * 3)],
  ['an endless table of strings', (file) => file.writeBigUInt64LE(FAR, DYNAMIC + 16 * 4 + 8)],
  ['a table that ends within a name', (file) => file.writeBigUInt64LE(8n, DYNAMIC + 16 * 4 + 8)],
  ['a name of nothing', (file) => file.writeBigUInt64LE(0n, DYNAMIC + 8)],
];

describe('a library with', () => {
  test.each(HOSTILE)('%s is refused', (_, damage) => {
    const file = fakeLibrary({ needed: NEEDED });
    damage(file);
    expect(neededLibraries(written(file))).toBeUndefined();
  });

  test('a name without an end is refused', () => {
    const needed = ['x'.repeat(256)];
    expect(neededLibraries(written(fakeLibrary({ needed })))).toBeUndefined();
  });

  test('a larger dynamic section than any has is refused', () => {
    const needed = Array<string>(5000).fill('a');
    expect(neededLibraries(written(fakeLibrary({ needed })))).toBeUndefined();
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('no library at all'.repeat(20))],
  ['half a library', fakeLibrary({ needed: NEEDED }).subarray(0, 250)],
])('%s is no library', (_, bytes) => {
  const path = written(bytes);
  expect(isWholeLibrary(path)).toBe(false);
  expect(neededLibraries(path)).toBeUndefined();
  expect(libraryProblem(path)).toBe('it is not a whole library');
});

test('whatever bytes are changed, the answer is names or none', () => {
  const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const file = fakeLibrary({ needed: NEEDED });
      for (const { at, value } of changes) file[at % file.length] = value;
      const names = neededLibraries(written(file)) ?? [];
      return names.every((name) => name.length > 0 && name.length < 256);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('a library that cannot be opened is refused in words', () => {
  const loop = join(folder, 'loop.so');
  symlinkSync(loop, loop);
  expect(libraryProblem(loop)).toBe('it cannot be read (ELOOP)');
  expect(libraryProblem(join(folder, 'none.so'))).toBe('it does not exist');
});

test('a library of another processor is refused by name', () => {
  const [other, machine] = process.arch === 'arm64' ? ['x64', 62] : ['arm64', 183];
  const path = written(fakeLibrary({ machine: machine as number }));
  expect(libraryProblem(path)).toBe(`it is for ${other}, and this is ${process.arch}`);
  const mips = written(fakeLibrary({ machine: 8 }));
  expect(libraryProblem(mips)).toBe(`it is for machine 8 of ELF, and this is ${process.arch}`);
});
