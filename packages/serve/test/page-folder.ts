/** A page that is not the built one. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with an index.html and one script; whoever makes it removes it. */
export async function makePageFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'ganport-page-'));
  await mkdir(join(path, 'assets'));
  await writeFile(join(path, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(path, 'assets/page-abc.js'), 'export {};');
  return { path, remove: () => rm(path, { recursive: true }) };
}
