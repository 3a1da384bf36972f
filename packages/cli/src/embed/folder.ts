/** The folder that `ganport embed` writes, and writes again; it takes no other's. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '@ganport/model/node';
import type { Files } from './files.ts';

/** It lists what was written, so that it can be written again. */
const LIST = 'embed.json';

/** Names as `embedFiles` has them: nothing that leads out of the folder. */
const NAME = /^([\w-][\w.-]*\/)?[\w-][\w.-]*$/;

/**
 * What an earlier `ganport embed` wrote there; nothing in an empty folder, or where there is none.
 * @throws Error if it has files and none of `ganport embed`
 */
export async function namesInFolder(folder: string): Promise<string[]> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new Error(`${folder}: expected a folder, or nothing: ${error.message}`);
  });
  if (present.length === 0) return [];
  const listed = await readFile(join(folder, LIST), 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  const names: unknown = listed?.files;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string' && NAME.test(name))) {
    return names;
  }
  throw new Error(
    `${folder} has other files, such as ${present[0]}: expected an empty folder, a new one, or one that \`ganport embed\` wrote`,
  );
}

/**
 * Writes files, and removes those of an earlier time that are none of them.
 * @throws Error if one cannot be written; what was not there before is then removed again
 */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  const before = await namesInFolder(folder);
  const list = Buffer.from(`${JSON.stringify({ files: [...files.keys()] }, null, 2)}\n`);
  const written: string[] = [];
  try {
    for (const [name, bytes] of [...files, [LIST, list] as const]) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      written.push(name);
      await writeFileAtomic(path, bytes);
    }
  } catch (error) {
    const added = written.filter((name) => before.length === 0 || !before.includes(name));
    await removeAll(folder, before.length === 0 ? added : added.filter((name) => name !== LIST));
    throw error;
  }
  await removeAll(
    folder,
    before.filter((name) => !files.has(name)),
  );
}

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true });
}
