/** A folder of pictures, whose subfolders are classes. */
import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { ModelError, quote } from '@ganport/model';
import { fileError, readFileWithin } from '@ganport/model/node';
import { MAX_CLASSES } from '../classes.ts';
import { MAX_PICTURE_BYTES } from './picture.ts';
import type { PictureSource } from './source.ts';

const PICTURE = /\.(?:png|jpe?g|webp|avif)$/i;

/** More would take gigabytes for their names alone. */
const MAX_PICTURES = 10_000_000;

/** A class is shown in a terminal, in a page, and is part of a generator.onnx. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** How many names an error lists. */
const LISTED = 6;

interface Found {
  path: string;
  size: number;
  modified: number;
  label?: number;
}

/**
 * Finds the pictures of a folder by their names: those in it, without classes, or those in its subfolders
 * at any depth, each subfolder a class. Links are followed; names that begin with a dot are left out.
 * @throws ModelError if there are none, a class has none, or they lie in the folder and in subfolders
 */
export async function findPictures(folder: string): Promise<PictureSource> {
  const path = resolve(folder);
  await expectFolder(path);
  const walked: Walk = { found: [], others: [], within: [await realpath(path)] };
  const folders = await walk(path, walked);
  const { found } = walked;
  const classes = found.length === 0 ? folders : [];
  if (found.length > 0) {
    for (const name of folders) await expectNoPictures(path, name, walked);
  }
  for (const [label, name] of classes.entries()) await walkClass(path, { name, label }, walked);
  if (found.length === 0) throw nothingIn(path, walked.others);
  if (classes.length > MAX_CLASSES) {
    throw new ModelError(`${path}: ${classes.length} classes; at most ${MAX_CLASSES} are read`);
  }
  return {
    name: basename(path) || 'pictures',
    path,
    count: found.length,
    state: JSON.stringify(found.map(({ path: at, size, modified }) => [at, size, modified])),
    ...(classes.length > 0 && { classes }),
    *pictures() {
      for (const { path: at, label } of found) {
        const read = () => readFileWithin(at, MAX_PICTURE_BYTES);
        yield label === undefined ? { name: at, read } : { name: at, read, label };
      }
    },
  };
}

interface Walk {
  found: Found[];
  /** Names of files that are no pictures. */
  others: string[];
  /** Real paths of the folders that are being walked, the outermost first: a link to one would never end. */
  within: string[];
}

/** Adds the pictures of a folder. Returns the names of its subfolders. */
async function walk(folder: string, { found, others }: Walk, label?: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw fileError(`read the folder ${quote(folder)}`, error);
  });
  const folders: string[] = [];
  // By code units, in any locale.
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    const stats = await stat(path).catch((error) => {
      // A class would be lost. What is called a picture is one that cannot be read; the rest is none.
      if (entry.isDirectory() || extname(name) === '')
        throw fileError(`read ${quote(path)}`, error);
      return undefined;
    });
    if (stats?.isDirectory()) folders.push(name);
    else if (!PICTURE.test(name)) others.push(name);
    else found.push({ path, ...sizeOf(stats), ...(label !== undefined && { label }) });
  }
  if (found.length <= MAX_PICTURES) return folders;
  throw new ModelError(`${folder}: more than ${MAX_PICTURES} pictures; at most so many are read`);
}

const sizeOf = (stats?: Stats) => ({ size: stats?.size ?? 0, modified: stats?.mtimeMs ?? 0 });

async function walkClass(
  folder: string,
  { name, label }: { name: string; label: number },
  walked: Walk,
): Promise<void> {
  if (UNPRINTABLE.test(name)) {
    throw new ModelError(
      `${folder}: the folder ${quote(name)} is no name of a class: rename it, without control characters`,
    );
  }
  const before = walked.found.length;
  await walkTree(join(folder, name), walked, label);
  if (walked.found.length > before) return;
  throw new ModelError(
    `${join(folder, name)} has no pictures, and each folder in ${folder} is a class: remove it, or put some into it`,
  );
}

/** A folder's pictures at any depth. */
async function walkTree(folder: string, walked: Walk, label?: number): Promise<void> {
  const real = await realpath(folder);
  if (walked.within.includes(real)) {
    throw new ModelError(`${quote(folder)} is a link to ${quote(real)}, which it is in: remove it`);
  }
  walked.within.push(real);
  for (const name of await walk(folder, walked, label)) {
    await walkTree(join(folder, name), walked, label);
  }
  walked.within.pop();
}

async function expectNoPictures(folder: string, name: string, { within }: Walk): Promise<void> {
  const inside: Walk = { found: [], others: [], within: [...within] };
  await walkTree(join(folder, name), inside);
  if (inside.found.length === 0) return;
  throw new ModelError(
    `${folder} has pictures, and so has ${quote(name)} in it: expected pictures in the folder, or in subfolders that are classes; move the ones or the others`,
  );
}

async function expectFolder(path: string): Promise<void> {
  if ((await statOf(path)).isDirectory()) return;
  throw new ModelError(`cannot read pictures from ${path}: expected a folder, got a file`);
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw fileError(`read ${quote(path)}`, error);
  }
}

function nothingIn(path: string, others: readonly string[]): ModelError {
  const more = others.length > LISTED ? ` and ${others.length - LISTED} more` : '';
  const got = others.length > 0 ? others.slice(0, LISTED).map(quote).join(', ') + more : 'nothing';
  return new ModelError(
    `${path} has no pictures: expected .png, .jpg, .webp or .avif files in it, or in subfolders that are classes, got ${got}`,
  );
}
