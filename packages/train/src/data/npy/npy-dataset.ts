/** Images in a .npy file, or in a .npz archive with or without labels. */
import { basename } from 'node:path';
import { ModelError, quote } from '@ganport/model';
import { openRegular, type RegularFile, readFileWithin } from '@ganport/model/node';
import { asImages } from '../as-images.ts';
import { asClasses } from '../classes.ts';
import type { Dataset } from '../dataset.ts';
import { memoryDataset } from '../memory.ts';
import { type NpyArray, numbersOf, parseNpy } from './npy.ts';
import type { NpyOptions, NpyRange } from './settings.ts';
import { readEntry, zipEntries } from './zip.ts';

/** Largest file read. */
const MAX_BYTES = 2 ** 30;

/** Names of arrays, the preferred first: numpy's own for an array without one, Keras's and MedMNIST's too. */
const IMAGES = ['x', 'images', 'x_train', 'train_images', 'arr_0'];
const LABELS = ['y', 'labels', 'y_train', 'train_labels', 'arr_1'];

interface Arrays {
  images: NpyArray;
  labels?: NpyArray;
  /** As errors call them. */
  names: { images: string; labels: string };
}

/**
 * Loads images, uint8 or float of a range that is given, [N, H, W], [N, H, W, C] or [N, C, H, W], and their
 * labels, whole numbers [N] or [N, 1].
 * @throws ModelError if the file is no such array or archive, or is damaged
 */
export async function loadNpy(path: string, options: NpyOptions = {}): Promise<Dataset> {
  const { images, labels, names } = await readArrays(path);
  if (images.shape.length !== 3 && images.shape.length !== 4) {
    throw new ModelError(
      `${names.images}: expected images [N, H, W], [N, H, W, C] or [N, C, H, W], got [${images.shape}]`,
    );
  }
  if (images.bytes.length === 0) {
    throw new ModelError(`${names.images}: it has no images: its shape is [${images.shape}]`);
  }
  const data = pixelsOf(images, options, names.images);
  const { data: laidOut, ...size } = asImages({ shape: images.shape, data }, names.images);
  const name = basename(path).replace(/\.np[yz]$/i, '') || 'arrays';
  const described = { name, ...size, images: laidOut };
  if (!labels) return memoryDataset(described);
  const [count, ...rest] = labels.shape;
  if (count !== images.shape[0] || rest.some((n) => n !== 1) || rest.length > 1) {
    throw new ModelError(
      `${names.labels}: expected ${images.shape[0]} labels, one for each image of ${names.images}, got [${labels.shape}]`,
    );
  }
  return memoryDataset({
    ...described,
    ...asClasses(numbersOf(labels, names.labels), names.labels),
  });
}

async function readArrays(path: string): Promise<Arrays> {
  const file = await openRegular(path, MAX_BYTES);
  try {
    const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead === 2 && buffer.toString('latin1') === 'PK') return await readArchive(path, file);
  } finally {
    await file.handle.close();
  }
  const images = parseNpy(await readFileWithin(path, MAX_BYTES), path);
  return { images, names: { images: path, labels: path } };
}

async function readArchive(path: string, file: RegularFile): Promise<Arrays> {
  const entries = await zipEntries(path, file);
  const keys = entries.map(({ name }) => name.replace(/\.npy$/, ''));
  const find = (names: readonly string[]) => names.find((name) => keys.includes(name));
  const twice = keys.find((key, i) => keys.indexOf(key) < i);
  if (twice !== undefined) throw new ModelError(`${path}: two arrays are called ${quote(twice)}`);
  const images = find(IMAGES);
  if (images === undefined) {
    const got = keys.slice(0, 6).map(quote).join(', ') || 'nothing';
    throw new ModelError(
      `${path}: expected an array ${IMAGES.map(quote).join(' or ')}, got ${got}`,
    );
  }
  const called = (key: string) => `${path}: ${quote(key)}`;
  const read = async (key: string) =>
    parseNpy(await readEntry(path, file, entries[keys.indexOf(key)]!), called(key));
  const labels = find(LABELS);
  return {
    images: await read(images),
    ...(labels !== undefined && { labels: await read(labels) }),
    names: { images: called(images), labels: called(labels ?? '') },
  };
}

/** Bytes 0…255 of an array of bytes, or of floats of a range. */
function pixelsOf(array: NpyArray, options: NpyOptions, what: string): Uint8Array {
  const { range, onRange } = options;
  if (array.type === 'u1') {
    if (range === undefined) return array.bytes;
    throw new ModelError(
      `${what}: range is for arrays of floats: leave it out, the array is of bytes`,
    );
  }
  const isFloat = array.type.startsWith('f');
  if (!isFloat || (range === undefined && !onRange)) {
    const remedy = isFloat
      ? `: say what its floats mean with --range 0..1, 0..255 or --range=-1..1`
      : '';
    throw new ModelError(`${what}: expected an array of type uint8, got ${array.type}${remedy}`);
  }
  const numbers = numbersOf(array, what);
  const named = range ?? seemingRange(numbers, what, onRange!);
  const [low, high] = named.split('..').map(Number) as [number, number];
  return Uint8Array.from(numbers, (value, i) => {
    if (value >= low && value <= high) return Math.round((255 * (value - low)) / (high - low));
    throw new ModelError(`${what}: element ${i}: expected a number of ${named}, got ${value}`);
  });
}

/** By how far they reach: pictures have something black and something white. */
function seemingRange(numbers: Float64Array, what: string, tell: (line: string) => void): NpyRange {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, number] of numbers.entries()) {
    if (!Number.isFinite(number)) {
      throw new ModelError(`${what}: element ${i}: expected a finite number, got ${number}`);
    }
    if (number < least) least = number;
    if (number > most) most = number;
  }
  const range = least < 0 ? '-1..1' : most > 1 ? '0..255' : '0..1';
  const [from, to] = [least, most].map((number) => Number(number.toPrecision(3)));
  tell(`${what} has floats from ${from} to ${to}: they are taken to be of ${range}`);
  return range;
}
