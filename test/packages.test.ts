/** What must be the same in every package, and is written in each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

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
