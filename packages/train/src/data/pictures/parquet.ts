/**
 * Pictures in Parquet files, as Hugging Face's image data sets have them: a column of structs { bytes, path },
 * one of labels, and the classes' names in the metadata.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ModelError, quote } from '@ganport/model';
import { fileError } from '@ganport/model/node';
import type { FileMetaData } from 'hyparquet';
import { asClasses, MAX_CLASSES } from '../classes.ts';
import { openParquetReader, type ParquetReader } from './parquet-reader.ts';
import { MAX_PICTURE_BYTES } from './picture.ts';
import type { Picture, PictureSource } from './source.ts';

const IMAGES = ['image', 'img'];
const LABELS = ['label', 'labels', 'fine_label'];

/** A name such as "train-00000-of-00002-a1b2.parquet". */
const SHARD = /^([a-z]+)-\d+-of-\d+.*\.parquet$/i;

interface Shard {
  path: string;
  columns: { image: string; label: string | undefined };
  /** Rows of each group, and of all. */
  groups: number[];
  rows: number;
  /** Of the classes, where the metadata name them. */
  names: string[] | undefined;
}

/**
 * Finds the pictures of a Parquet file, or of all those in a folder as one set: where their names say which
 * split they are of, those to train on.
 * @throws ModelError if there are none, a file is damaged, or has no column of images
 */
export async function parquetPictures(path: string): Promise<PictureSource> {
  const files = await filesOf(resolve(path));
  const { shards, labels } = await withReader(async (reader) => {
    const shards: Shard[] = [];
    for (const file of files) shards.push(await openShard(reader, file));
    return { shards, labels: await labelsOfAll(reader, shards) };
  });
  const count = shards.reduce((sum, { rows }) => sum + rows, 0);
  if (count === 0) throw new ModelError(`${path}: it has no images: all its files have 0 rows`);
  const states = await Promise.all(files.map(async (file) => [file, ...(await stateOf(file))]));
  return {
    name: basename(path).replace(/\.parquet$/i, '') || 'parquet',
    path: resolve(path),
    count,
    state: JSON.stringify(states),
    ...(labels && { classes: labels.classes }),
    pictures: () => allPictures(shards, labels?.labels),
  };
}

async function filesOf(path: string): Promise<string[]> {
  const stats = await stat(path).catch((error) => {
    throw fileError(`read ${quote(path)}`, error);
  });
  if (!stats.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.parquet$/i.test(name)).sort();
  const training = names.filter((name) => SHARD.exec(name)?.[1] === 'train');
  const files = (training.length > 0 ? training : names).map((name) => join(path, name));
  if (files.length > 0) return files;
  throw new ModelError(`${path} has no Parquet files: expected names that end in .parquet`);
}

async function stateOf(path: string): Promise<number[]> {
  const { size, mtimeMs } = await stat(path);
  return [size, mtimeMs];
}

async function withReader<T>(work: (reader: ParquetReader) => Promise<T>): Promise<T> {
  const reader = openParquetReader();
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

async function openShard(reader: ParquetReader, path: string): Promise<Shard> {
  const metadata = await reader.open(path);
  const { size } = await stat(path);
  const groups = rowsOfGroups(path, metadata, size);
  const names = topLevel(metadata);
  const image = IMAGES.find((name) => names.includes(name));
  if (image === undefined) {
    const got = names.slice(0, 8).map(quote).join(', ') || 'none';
    throw new ModelError(
      `${path}: expected a column ${IMAGES.map(quote).join(' or ')}, got ${got}`,
    );
  }
  const label = LABELS.find((name) => names.includes(name));
  const rows = groups.reduce((sum, count) => sum + count, 0);
  return {
    path,
    columns: { image, label },
    groups,
    rows,
    names: label === undefined ? undefined : namesOf(metadata, label),
  };
}

/** Names of the columns, of which each may have parts. */
function topLevel({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  let skip = 0;
  for (const { name, num_children: children = 0 } of schema.slice(1)) {
    if (skip === 0) names.push(name);
    else skip -= 1;
    skip += children;
  }
  return names;
}

/** Each group's rows, of which a file has no more than bytes. */
function rowsOfGroups(
  path: string,
  { row_groups: groups, num_rows: rows }: FileMetaData,
  size: number,
): number[] {
  const counts = groups.map((group) => Number(group.num_rows));
  const summed = counts.reduce((sum, count) => sum + count, 0);
  if (summed === Number(rows) && summed <= size && counts.every((count) => count >= 0)) {
    return counts;
  }
  throw new ModelError(
    `${path} is damaged: it has ${size} bytes for ${rows} rows, in groups of ${summed} together`,
  );
}

/** The numbers of all pictures, and the classes: as the metadata names them, or the numbers that occur. */
async function labelsOfAll(reader: ParquetReader, shards: readonly Shard[]) {
  const [{ path, columns, names: classes }] = shards as [Shard];
  if (shards.some((shard) => shard.columns.label !== columns.label)) {
    throw new ModelError(`${dirname(path)}: some files have a column of labels and some have none`);
  }
  const { label } = columns;
  if (label === undefined) return undefined;
  const numbers: number[] = [];
  for (const shard of shards) {
    await reader.open(shard.path);
    for (const group of shard.groups.keys()) {
      for (const value of await reader.column(label, group)) {
        if (typeof value !== 'number') {
          const got = value instanceof Uint8Array ? 'bytes' : value;
          throw new ModelError(
            `${rowAt(shards, numbers.length)}: expected a whole number as its label, in column ${quote(label)}, got ${got}`,
          );
        }
        numbers.push(value);
      }
    }
  }
  if (!classes) return asClasses(numbers, path);
  const wrong = numbers.findIndex((number) => classes[number] === undefined);
  if (wrong < 0) return { labels: numbers, classes };
  throw new ModelError(
    `${rowAt(shards, wrong)}: expected a label from 0 to ${classes.length - 1}, one of the classes that its metadata name, got ${numbers[wrong]}`,
  );
}

/** A row by its file, and its number there. @param index among all rows */
function rowAt(shards: readonly Shard[], index: number): string {
  const [{ path, rows }, ...rest] = shards as [Shard, ...Shard[]];
  return index < rows ? `${path}, row ${index}` : rowAt(rest, index - rows);
}

/** The classes' names from what Hugging Face's library writes beside the columns. */
function namesOf(
  { key_value_metadata: pairs }: FileMetaData,
  column: string,
): string[] | undefined {
  const text = pairs?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(text).info.features[column].names;
    const isSound = Array.isArray(names) && names.length > 0 && names.length <= MAX_CLASSES;
    if (isSound && names.every((name) => typeof name === 'string')) return names;
  } catch {
    // Other metadata under this name: the numbers are names enough.
  }
  return undefined;
}

/** A group of rows at a time. */
async function* allPictures(
  shards: readonly Shard[],
  labels: ArrayLike<number> | undefined,
): AsyncGenerator<Picture> {
  const reader = openParquetReader();
  try {
    let index = 0;
    for (const { path, columns, groups } of shards) {
      await reader.open(path);
      let row = 0;
      for (const group of groups.keys()) {
        for (const image of await reader.column(columns.image, group)) {
          const label = labels?.[index++];
          const name = `${path}, row ${row++}`;
          const read = async () => bytesOf(image);
          yield label === undefined ? { name, read } : { name, read, label };
        }
      }
    }
  } finally {
    await reader.close();
  }
}

function bytesOf(image: unknown): Uint8Array {
  if (!(image instanceof Uint8Array)) {
    throw new ModelError('expected the bytes of a picture, got none: its file is elsewhere');
  }
  if (image.length <= MAX_PICTURE_BYTES) return image;
  throw new ModelError(`expected at most ${MAX_PICTURE_BYTES} bytes, got ${image.length}`);
}
