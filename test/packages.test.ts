/** What must be the same in every package, and is written in each; and what is left of a build before they are packed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name));

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const manifest = (folder: string) => JSON.parse(read(folder, 'package.json'));
const { version, license, engines } = manifest('.');

test.each(FOLDERS)('%s has the version, the licence and the engines of all', (folder) => {
  expect(manifest(folder)).toMatchObject({ version, license, engines });
  expect(read(folder, 'LICENSE')).toBe(read('LICENSE'));
});

// Of another version, the package would be looked for in the registry.
test.each(['.', 'bench', ...FOLDERS])('%s depends on packages of this version', (folder) => {
  const { dependencies, devDependencies, optionalDependencies } = manifest(folder);
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
  const own = Object.entries(all).filter(([name]) => name.startsWith('@ganport/'));
  expect(own.filter(([, range]) => range !== version)).toEqual([]);
});

test('a build leaves no output of a source that is gone', () => {
  const root = mkdtempSync(join(tmpdir(), 'ganport-stale-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const kept = ['.tsbuildinfo', 'a.js', 'a.d.ts.map', 'deep/b.d.ts', 'page/index.js', 'page.html'];
  const stale = ['gone.js', 'gone.js.map', 'deep/gone.d.ts', 'deep/gone.d.ts.map', 'b.js'];
  const files = [...kept, ...stale].map((path) => join('dist', path));
  for (const path of [...files, 'src/a.ts', 'src/deep/b.ts']) {
    const whole = join(root, 'packages/one', path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, '');
  }
  // Not built yet.
  mkdirSync(join(root, 'packages/two'));
  execFileSync(process.execPath, [join(ROOT, 'scripts/remove-stale-outputs.mjs')], { cwd: root });
  const left = readdirSync(join(root, 'packages/one/dist'), { recursive: true }).map(String);
  expect(left.sort()).toEqual([...kept, 'deep', 'page'].sort());
});
