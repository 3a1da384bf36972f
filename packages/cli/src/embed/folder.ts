/** The folder that `ganport embed` writes, and writes again; it takes no other's. */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '@ganport/model/node';
import type { Files } from './files.ts';

/** It lists what was written, so that it can be written again. */
const LIST = 'embed.json';
/** Where files are until all are written. */
const STAGE = '.embed-unfinished';

/** Names as `embedFiles` has them: nothing that leads out of the folder. */
const NAME = /^([\w-][\w.-]*\/)?[\w-][\w.-]*$/;

/**
 * What an earlier `ganport embed` wrote there; nothing in an empty folder, or where there is none.
 * @throws Error if it has files and none of `ganport embed`
 */
export async function namesInFolder(folder: string): Promise<string[]> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new Error(`${folder}: expected a folder, or nothing: ${error.message}`);
  });
  // What was left of one that was killed.
  const present = found.filter((name) => name !== STAGE);
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
 * Writes files, and removes those of an earlier time that are none of them. All are written beside the others first: where one
 * cannot be, what was there before is as it was.
 * @throws Error if one cannot be written
 */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  const before = await namesInFolder(folder);
  const stage = join(folder, STAGE);
  const placed: string[] = [];
  try {
    await rm(stage, { recursive: true, force: true });
    for (const [name, bytes] of [...files, [LIST, listOf([...files.keys()])] as const]) {
      await mkdir(dirname(join(stage, name)), { recursive: true });
      await writeFileAtomic(join(stage, name), bytes);
    }
    // Cut off from here on, it may be written again.
    await writeFileAtomic(join(folder, LIST), listOf([...before, ...files.keys()]));
    for (const name of [...files.keys(), LIST]) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      placed.push(name);
      await rename(join(stage, name), join(folder, name));
    }
  } catch (error) {
    if (before.length === 0) await removeAll(folder, [...placed, LIST]);
    throw error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  await removeAll(
    folder,
    before.filter((name) => !files.has(name)),
  );
}

function listOf(files: readonly string[]): Uint8Array {
  return Buffer.from(`${JSON.stringify({ files }, null, 2)}\n`);
}

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true });
}
