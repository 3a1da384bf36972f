/** Which files of a folder are an IDX data set, under the names that publishers and archivers give. */
import { type Dirent, type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ModelError, quote } from '@ganport/model';
import { fileError } from '@ganport/model/node';

export interface IdxFiles {
  /** Of the data set: what its files' names begin with, as "emnist-letters", or else its folder's name. */
  name: string;
  images: string;
  /** Undefined where there are none. */
  labels: string | undefined;
}

/** "train-images-idx3-ubyte", "train-images.idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte.gz". */
const NAME = /^(.*?)[-_. ]*idx([134])[-_.]ubyte(\.gz)?$/i;

/** Words of a name that say which part of a data set it is. */
const PART = /^(?:train(?:ing)?(?:\d+k)?|images?|labels?)$/;
const TEST = /^(?:t10k|test(?:ing)?(?:\d+k)?)$/;
/** A part of the training images, as of 10,000: all of them are preferred. */
const SOME = /^(train(?:ing)?)\d+k$/;

/** Names of folders that say nothing of what is in them; torchvision's are data/DATASET/raw. */
const PLAIN_FOLDERS = ['data', 'gzip', 'raw'];

/** How many names an error lists. */
const LISTED = 6;

interface Entry {
  name: string;
  /** Images and their labels have the same. */
  key: string;
  words: readonly string[];
  kind: 'images' | 'labels';
}

/**
 * Finds the images to train on and their labels. Each may be gzipped, or lie in a folder of its own name.
 * @param path of a folder, or of the images among several data sets in one folder
 * @throws ModelError that lists what there is, if it is no data set, or several
 */
export async function findIdx(path: string): Promise<IdxFiles> {
  const named = isNamed(path) ? entryOf(basename(path)) : undefined;
  const folder = named ? dirname(path) : path;
  const present = await list(folder);
  const entries = [...present.map(({ name }) => name)].sort(byPreference).map(entryOf);
  const known = entries.filter((entry) => entry !== undefined);
  const images = named ?? chooseImages(known, folder, present);
  const labels = known.find(({ kind, key }) => kind === 'labels' && key === images.key);
  return {
    name: images.words.filter((word) => !PART.test(word)).join('-') || folderName(folder),
    images: await fileOf(folder, images),
    labels: labels && (await fileOf(folder, labels)),
  };
}

/** Whether a path is that of images, rather than of a folder of them. */
function isNamed(path: string): boolean {
  const stats = statOf(path);
  if (!stats) return false;
  const kind = entryOf(basename(path))?.kind;
  if (kind === 'images') return true;
  if (stats.isDirectory()) return false;
  const expected = 'expected a folder, or its images, such as train-images-idx3-ubyte';
  throw new ModelError(`cannot read data from ${path}: ${expected}, got another file`);
}

function entryOf(name: string): Entry | undefined {
  const [, stem, rank] = NAME.exec(name) ?? [];
  if (stem === undefined) return undefined;
  const words = stem
    .toLowerCase()
    .split(/[-_. ]+/)
    .filter(Boolean);
  const key = words.filter((word) => !/^(?:images?|labels?)$/.test(word)).join('-');
  return { name, key, words, kind: rank === '1' ? 'labels' : 'images' };
}

/** What is not packed first, then names as they were published. */
function byPreference(a: string, b: string): number {
  const packed = (name: string) => Number(/\.gz$/i.test(name));
  return packed(a) - packed(b) || (a < b ? -1 : 1);
}

/** The only images, of those that are not for tests. */
function chooseImages(known: readonly Entry[], folder: string, present: readonly Dirent[]): Entry {
  const sets = new Map<string, Entry>();
  for (const entry of known) {
    if (entry.kind === 'images' && !sets.has(entry.key)) sets.set(entry.key, entry);
  }
  const whole = (words: readonly string[]) => words.map((word) => word.replace(SOME, '$1'));
  const training = [...sets.values()].filter(({ words }) => !words.some((word) => TEST.test(word)));
  const all = new Set(training.map(({ words }) => words.join()));
  const choices = training.filter(({ words }) => {
    const other = whole(words).join();
    return other === words.join() || !all.has(other);
  });
  if (choices.length === 1) return choices[0]!;
  if (choices.length === 0) {
    const got = sets.size > 0 ? 'only images for tests' : listed(present.map(({ name }) => name));
    throw new ModelError(
      `${folder} has no images to train on: expected a file such as train-images-idx3-ubyte, gzipped or not, got ${got}`,
    );
  }
  throw new ModelError(
    `${folder} has several data sets: name the images of one as the folder (--data-dir), got ${listed(choices.map(({ name }) => name))}`,
  );
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).map(quote).join(', ') + more;
}

/** The path of a file, which may be in a folder of its name. */
async function fileOf(folder: string, { name, key, kind }: Entry): Promise<string> {
  const path = join(folder, name);
  if (!statOf(path)?.isDirectory()) return path;
  const inside = (await list(path)).map((entry) => entry.name).sort(byPreference);
  const same = inside.find((inner) => {
    const entry = entryOf(inner);
    return entry?.kind === kind && entry.key === key;
  });
  if (same !== undefined) return join(path, same);
  throw new ModelError(
    `${path} is a folder: expected a file of that name in it, got ${listed(inside)}`,
  );
}

/** Undefined where there is nothing. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(`read ${path}`, error);
  }
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw fileError(`read the data folder ${folder}`, error);
  }
}

function folderName(folder: string): string {
  const path = resolve(folder);
  const name = basename(path);
  if (PLAIN_FOLDERS.includes(name.toLowerCase())) return folderName(dirname(path));
  return name || 'idx';
}
