/**
 * Removes what tsc compiled from sources that are no longer there, which it leaves: a package would be packed with it.
 * Run in the repository's root.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const OUTPUT = /\.(js|d\.ts)(\.map)?$/;

for (const name of readdirSync('packages')) {
  const dist = join('packages', name, 'dist');
  if (!existsSync(dist)) continue;
  for (const path of readdirSync(dist, { recursive: true })) {
    // The page is vite's, which empties its folder.
    if (!OUTPUT.test(path) || /^page[\\/]/.test(path)) continue;
    const source = join('packages', name, 'src', path.replace(OUTPUT, '.ts'));
    if (!existsSync(source)) rmSync(join(dist, path));
  }
}
