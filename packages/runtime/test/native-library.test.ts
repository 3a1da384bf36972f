/** A libonnxruntime, or a koffi, that cannot be used: one line with the remedy. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { providerFolder } from '../src/cuda.ts';
import { KoffiError, loadOrt } from '../src/native/library.ts';
import { openProgram } from '../src/open.ts';
import { compiler } from './compiler.ts';
import { fakeLibrary } from './fake-library.ts';
import { ACCUMULATOR, accumulator, ramp } from './program/models.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-library-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const REMEDY = /: install the dependencies again: `pnpm install --force`$/;

/** What is thrown for the library at a path, which is shown in it as FILE. */
function problemWith(path: string): string {
  try {
    loadOrt(path);
  } catch (error) {
    const { name, message } = error as Error;
    expect(name).toBe('RuntimeError');
    expect(message).not.toContain('\n');
    expect(message).toMatch(REMEDY);
    return message.replace(REMEDY, '').replaceAll(path, 'FILE');
  }
  throw new Error(`${path} was loaded`);
}

function written(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const linux = process.platform === 'linux';

test('a library that does not exist', () => {
  expect(problemWith(join(folder, 'none.so'))).toBe('cannot load FILE: it does not exist');
});

describe.runIf(linux)('on Linux', () => {
  test('a library that is cut off', () => {
    const whole = readFileSync(join(providerFolder(), 'libonnxruntime.so.1'));
    const path = written('half.so', whole.subarray(0, whole.length / 2));
    expect(problemWith(path)).toBe('cannot load FILE: it is not a whole library');
  });

  test('what is no library', () => {
    const path = written('text.so', 'version https://git-lfs.github.com/spec/v1\n');
    expect(problemWith(path)).toBe('cannot load FILE: it is not a whole library');
  });

  test.each([
    ['a pipe without a writer', (path: string) => execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('%s in its place', (name, make) => {
    const path = join(folder, name);
    make(path);
    expect(problemWith(path)).toBe('cannot load FILE: it is not a whole library');
  });

  test('a library of another processor', () => {
    const [other, machine] = process.arch === 'arm64' ? ['x64', 62] : ['arm64', 183];
    const path = written('other.so', fakeLibrary({ machine: machine as number }));
    expect(problemWith(path)).toBe(
      `cannot load FILE: it is for ${other}, and this is ${process.arch}`,
    );
  });

  test('a library that the system does not load', () => {
    const machine = process.arch === 'arm64' ? 183 : 62;
    expect(problemWith(written('empty.so', fakeLibrary({ machine })))).toMatch(
      /^cannot load FILE: .+/,
    );
  });

  if (!compiler) console.warn('skipped: libraries of other versions, without a C compiler');

  /** A library with nothing but what tells its version, and a table of nothing for as many. */
  function otherVersion(version: string, newest: number): string {
    const name = `version-${version}-${newest}`;
    const source = written(
      `${name}.c`,
      `static void *table[400];
       static const void *get_api(unsigned version) { return version <= ${newest} ? table : 0; }
       static const char *get_version(void) { return "${version}"; }
       static const struct { const void *(*a)(unsigned); const char *(*b)(void); }
         base = { get_api, get_version };
       const void *OrtGetApiBase(void) { return &base; }`,
    );
    const path = join(folder, `${name}.so`);
    execFileSync(compiler!, ['-shared', '-fPIC', '-o', path, source]);
    return path;
  }

  test.skipIf(!compiler).each([
    ['1.22.1', 22],
    ['1.9.0', 9],
    ['2.0.0', 40],
    ['1.23.0', 22],
    ['newest', 40],
  ])('a library of version %s with functions up to %d', (version, newest) => {
    expect(problemWith(otherVersion(version, newest))).toBe(
      `FILE is onnxruntime ${version}: expected 1.23 or later of 1`,
    );
  });

  test.skipIf(!compiler)('a library of another kind', () => {
    const source = written('other.c', 'int other(void) { return 1; }');
    const path = join(folder, 'another.so');
    execFileSync(compiler!, ['-shared', '-fPIC', '-o', path, source]);
    expect(problemWith(path)).toMatch(/^cannot load FILE: .*OrtGetApiBase/);
  });
});

describe('without koffi', () => {
  /** Node's own function, which `require` and `require.resolve` both call. */
  const resolver = Module as unknown as {
    _resolveFilename(name: string, ...rest: unknown[]): string;
  };
  const resolve = resolver._resolveFilename;
  const resolveKoffi = (answer: () => string) =>
    vi.spyOn(resolver, '_resolveFilename').mockImplementation((name, ...rest) => {
      return name === 'koffi' ? answer() : resolve.call(Module, name, ...rest);
    });

  test.each([
    [
      'that is not installed',
      () => {
        throw new Error("Cannot find module 'koffi'\nRequire stack:\n- a\n- b");
      },
      "Cannot find module 'koffi'",
    ],
    [
      'that has no binary for this system',
      () =>
        written('koffi.cjs', 'throw new Error("Cannot find the native Koffi module\\nand more");'),
      'Cannot find the native Koffi module',
    ],
  ])('one %s, onnxruntime-node serves', async (_, answer, why) => {
    resolveKoffi(answer);
    const options = { ...ACCUMULATOR, device: 'cpu', threads: 1 } as const;
    const program = await openProgram(accumulator(), options);
    expect(program.description).toMatch(/^onnxruntime-node .*, threads: 1 \(koffi, which calls/);
    expect(program.description).toContain(why);
    expect(await program.run({ x: ramp(1) })).toEqual({ doubled: ramp(2) });
    await program.close();
    const asked = openProgram(accumulator(), { ...options, runtime: 'native' });
    await expect(asked).rejects.toThrow(
      new KoffiError(`koffi, which calls libonnxruntime, does not load: ${why}`),
    );
  });

  test('with it, libonnxruntime does', async () => {
    const program = await openProgram(accumulator(), { ...ACCUMULATOR, device: 'cpu' });
    expect(program.description).toMatch(/^onnxruntime 1\./);
    await program.close();
  });
});
