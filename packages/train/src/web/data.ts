/** Images to learn from, as a page is given them. */
import { ModelError } from '@ganport/model';
import { digestInPage, type RunStore } from '@ganport/model/run';
import { asImages } from '../data/as-images.ts';
import { asClasses } from '../data/classes.ts';
import type { Dataset } from '../data/dataset.ts';
import { glyphImages } from '../data/glyphs.ts';
import {
  damaged,
  expectSize,
  headerBytes,
  type Idx,
  isGzip,
  MAX_BYTES,
  parseHeader,
} from '../data/idx-header.ts';
import { imagesDataset, type MemoryImages } from '../data/images.ts';
import { type PictureOptions, readPictures } from './pictures.ts';

export type GivenData =
  /** Digits drawn by code. */
  | { source: 'glyphs' }
  /** IDX files, gzipped or not. */
  | { source: 'idx'; images: File; labels?: File | undefined }
  /** Of any size: their middles, all of one. */
  | ({ source: 'pictures'; files: readonly File[] } & PictureOptions)
  /** In memory. */
  | { source: 'images'; images: MemoryImages };

export interface LoadedData {
  dataset: Dataset;
  /** What a configuration calls them. */
  data: 'glyphs' | 'idx';
  /** What is kept with a run, for it to go on anywhere: IDX files by their names in its folder. */
  files: (readonly [name: string, bytes: Uint8Array])[];
}

const IMAGES = /^data\/.*images.*idx[34].*$/;
const LABELS = /^data\/.*labels.*idx1.*$/;

/**
 * @param onNotice told of pictures that were left out
 * @throws ModelError for files that are none of what is expected
 */
export async function loadData(
  given: GivenData,
  onNotice?: (line: string) => void,
): Promise<LoadedData> {
  switch (given.source) {
    case 'glyphs':
      return { dataset: await withDigest(glyphImages()), data: 'glyphs', files: [] };
    case 'idx':
      return fromIdx(given.images, given.labels);
    case 'pictures':
      return kept(await readPictures(given.files, given, onNotice));
    case 'images':
      return kept(given.images);
  }
}

/** The data that a run folder has itself, if it has any. @throws ModelError if they are damaged */
export async function dataOf(store: RunStore): Promise<LoadedData | undefined> {
  const names = (await store.list('data')).map((name) => `data/${name}`);
  const [images, labels] = [IMAGES, LABELS].map((kind) => names.find((name) => kind.test(name)));
  if (images === undefined) return undefined;
  const fileOf = async (name: string) =>
    new File([(await store.read(name, MAX_BYTES)) as Uint8Array<ArrayBuffer>], name.slice(5));
  return fromIdx(await fileOf(images), labels === undefined ? undefined : await fileOf(labels));
}

/** Images and labels as Node reads them, so that both have one digest. */
async function fromIdx(images: File, labels: File | undefined): Promise<LoadedData> {
  const idx = await readIdxBlob(images, 3, 4);
  if (idx.data.length === 0) {
    throw new ModelError(`${images.name}: it has no images: its shape is [${idx.shape}]`);
  }
  const files: LoadedData['files'] = [
    [`data/train-images-idx${idx.shape.length}-ubyte`, encodeIdx(idx)],
  ];
  const { data, ...size } = asImages({ ...idx, data: idx.data.slice() }, images.name);
  const name = images.name.replace(/[-_. ]*(?:train|images)?[-_. ]*images?[-_. ]*idx.*$/i, '');
  const described: MemoryImages = { name: name || 'idx', ...size, images: data };
  if (labels) {
    const told = await readIdxBlob(labels, 1);
    const count = data.length / (size.height * size.width * size.channels);
    if (told.data.length !== count) {
      throw new ModelError(
        `${labels.name}: expected ${count} labels, one for each image in ${images.name}, got ${told.data.length}`,
      );
    }
    Object.assign(described, asClasses(told.data, labels.name));
    files.push(['data/train-labels-idx1-ubyte', encodeIdx(told)]);
  }
  return { dataset: await withDigest(described), data: 'idx', files };
}

/** With a copy as IDX, which Node reads too. */
async function kept(images: MemoryImages): Promise<LoadedData> {
  const { height, width, channels, images: data } = images;
  const count = data.length / (height * width * channels);
  const shape = channels === 1 ? [count, height, width] : [count, height, width, channels];
  const file = [`data/train-images-idx${shape.length}-ubyte`, encodeIdx({ shape, data })] as const;
  return { dataset: await withDigest(images), data: 'idx', files: [file] };
}

async function withDigest(given: MemoryImages): Promise<Dataset> {
  const { images, labels } = given;
  const told = labels
    ? new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)
    : new Uint8Array();
  const all = new Uint8Array(images.length + told.length);
  all.set(images);
  all.set(told, images.length);
  return imagesDataset(given, await digestInPage(all));
}

/** @throws ModelError if it is not an IDX file of unsigned bytes with one of these ranks, see idx-header.ts */
async function readIdxBlob(file: File, ...ranks: readonly number[]): Promise<Idx> {
  const { name: path, size } = file;
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = isGzip(start);
  const contents = () =>
    packed ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream();
  try {
    const head = new Uint8Array(headerBytes(Math.max(...ranks)));
    const there = await fill(head, contents());
    const shape = parseHeader(head.subarray(0, Math.min(there, head.length)), ranks, path);
    const expected = shape.reduce((all, n) => all * n, 1) + headerBytes(shape.length);
    expectSize(expected, { path, shape, packed, size });
    const bytes = new Uint8Array(expected);
    const got = await fill(bytes, contents());
    if (got !== expected) {
      throw new ModelError(
        `${path}: expected ${expected} bytes for its shape [${shape}], got ${got < expected ? got : 'more'}`,
      );
    }
    return { shape, data: bytes.subarray(headerBytes(shape.length)) };
  } catch (error) {
    throw error instanceof ModelError || !packed ? error : damaged(path, error);
  }
}

/** Fills `bytes` from a stream's beginning. Returns how many there are, up to where there are too many. */
async function fill(bytes: Uint8Array, stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  let filled = 0;
  try {
    while (filled <= bytes.length) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes.set(value.subarray(0, Math.max(0, bytes.length - filled)), filled);
      filled += value.length;
    }
    return filled;
  } finally {
    // What is left is not read; a stream that broke says so itself.
    await reader.cancel().catch(() => undefined);
  }
}

function encodeIdx({ shape, data }: Idx): Uint8Array {
  const bytes = new Uint8Array(headerBytes(shape.length) + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x800 + shape.length);
  shape.forEach((size, i) => {
    view.setUint32(headerBytes(i), size);
  });
  bytes.set(data, headerBytes(shape.length));
  return bytes;
}
