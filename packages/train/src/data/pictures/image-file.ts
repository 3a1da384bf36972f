/**
 * Prepared images in one file, which are read by their positions: bytes [count, H, W, C], the labels, a
 * description in JSON, its length as a uint32 (little-endian) and a mark. The description comes last because
 * the number of images is known last.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelError, parseJson, parseOrThrow } from '@ganport/model';
import { fileError, openRegular, type RegularFile, temporaryPath } from '@ganport/model/node';
import * as z from 'zod';
import { labelsOf } from '../classes.ts';
import type { Dataset } from '../dataset.ts';

const MARK = 'ganport1';
const FOOTER_BYTES = 4 + MARK.length;
/** Of a description: 65,536 classes with names of 255 bytes. */
const MAX_DESCRIPTION_BYTES = 2 ** 25;
/** Read at a time for the digest. */
const PART_BYTES = 2 ** 22;

const descriptionSchema = z.strictObject({
  /** What the file was made from, see `openImages`. */
  origin: z.string(),
  name: z.string(),
  count: z.int().positive(),
  size: z.int().positive(),
  channels: z.union([z.literal(1), z.literal(3)]),
  classes: z.array(z.string()).optional(),
  /** What was left out: how many, and a line about each of the first. */
  skipped: z.strictObject({ count: z.int().nonnegative(), lines: z.array(z.string()) }),
  /** Of the images followed by the labels. */
  sha256: z.string(),
});

type Description = z.infer<typeof descriptionSchema>;
export type Skipped = Description['skipped'];

export interface ImageWriter {
  /** Adds images, bytes [n, size, size, channels]. */
  add(images: Uint8Array): Promise<void>;
  /** Ends the file and gives it its name. */
  finish(described: Omit<Description, 'sha256'>, labels: Dataset['labels']): Promise<void>;
  /** Ends it, and removes it if it is not finished. */
  close(): Promise<void>;
}

/** Writes a file under a temporary name beside `path`. @throws ModelError if it cannot be written */
export async function writeImages(path: string): Promise<ImageWriter> {
  const temporary = temporaryPath(dirname(path));
  const failed = (error: unknown): never => {
    throw fileError(`write prepared pictures into ${dirname(path)}`, error);
  };
  const file = await open(temporary, 'wx').catch(failed);
  const hash = createHash('sha256');
  const add = async (bytes: Uint8Array) => {
    hash.update(bytes);
    await file.appendFile(bytes).catch(failed);
  };
  return {
    add,
    async finish(described, labels) {
      if (labels) await add(bytesOf(labels));
      const text = JSON.stringify({ ...described, sha256: hash.digest('hex') });
      const footer = Buffer.alloc(FOOTER_BYTES);
      footer.writeUInt32LE(Buffer.byteLength(text));
      footer.write(MARK, 4);
      await file.appendFile(text).catch(failed);
      await file.appendFile(footer).catch(failed);
      await file.sync().catch(failed);
      await rename(temporary, path).catch(failed);
    },
    async close() {
      await file.close();
      await rm(temporary, { force: true });
    },
  };
}

export interface OpenedImages {
  dataset: Dataset;
  skipped: Skipped;
}

/**
 * Opens prepared images, which are the caller's to close.
 * @param origin what the file has to be made from
 * @returns undefined where there is no such file, or it is made from something else
 * @throws ModelError if it is damaged: cut, or with another digest than it says
 */
export async function openImages(path: string, origin: string): Promise<OpenedImages | undefined> {
  const file = await openRegular(path, Number.MAX_SAFE_INTEGER).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  let opened: OpenedImages | undefined;
  try {
    opened = await describe(path, file, origin);
    return opened;
  } finally {
    if (!opened) await file.handle.close();
  }
}

async function describe(
  path: string,
  file: RegularFile,
  origin: string,
): Promise<OpenedImages | undefined> {
  const { handle } = file;
  const { description, end } = await readDescription(path, file);
  if (description.origin !== origin) return undefined;
  const { name, count, size, channels, classes, skipped, sha256 } = description;
  const imageBytes = size * size * channels;
  const labelBytes = classes ? labelsOf(classes, 0).BYTES_PER_ELEMENT : 0;
  const expected = count * (imageBytes + labelBytes);
  if (end !== expected || (await digest(handle, end)) !== sha256) {
    throw new ModelError(`${path} is damaged: its bytes are not those that were written`);
  }
  const labels = classes && labelsOf(classes, count);
  if (labels) await fill(handle, bytesOf(labels), count * imageBytes, path);
  const dataset: Dataset = {
    ...{ name, count, height: size, width: size, channels, sha256 },
    ...(labels && classes && { labels, classes }),
    async read(indices) {
      const bytes = new Uint8Array(indices.length * imageBytes);
      const reads = Array.from(indices, (index, i) => {
        if (index >= count) throw new ModelError(`${name} has ${count} images: got index ${index}`);
        const image = bytes.subarray(i * imageBytes, (i + 1) * imageBytes);
        return fill(handle, image, index * imageBytes, path);
      });
      await Promise.all(reads);
      return bytes;
    },
    close: () => handle.close(),
  };
  return { dataset, skipped };
}

/** The description, and where it begins. */
async function readDescription(path: string, { handle, size }: RegularFile) {
  const footer = Buffer.alloc(FOOTER_BYTES);
  const cut = new ModelError(`${path} is damaged: its end is missing`);
  if (size < FOOTER_BYTES) throw cut;
  await fill(handle, footer, size - FOOTER_BYTES, path);
  const length = footer.readUInt32LE();
  const end = size - FOOTER_BYTES - length;
  if (footer.toString('latin1', 4) !== MARK || end < 0 || length > MAX_DESCRIPTION_BYTES) throw cut;
  const text = Buffer.alloc(length);
  await fill(handle, text, end, path);
  const description = parseJson(text.toString(), path);
  return { description: parseOrThrow(descriptionSchema, description, path), end };
}

function bytesOf(labels: Uint8Array | Uint16Array): Uint8Array {
  return new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
}

/** Fills `bytes` from a position in the file. */
async function fill(handle: FileHandle, bytes: Uint8Array, from: number, path: string) {
  for (let filled = 0; filled < bytes.length; ) {
    const rest = bytes.length - filled;
    const { bytesRead } = await handle
      .read(bytes, filled, rest, from + filled)
      .catch((error: unknown) => {
        throw fileError(`read ${path}`, error);
      });
    if (bytesRead === 0) throw new ModelError(`${path} has become shorter while it is read`);
    filled += bytesRead;
  }
}

async function digest(handle: FileHandle, end: number): Promise<string> {
  const hash = createHash('sha256');
  const part = Buffer.alloc(Math.min(PART_BYTES, end));
  for (let at = 0; at < end; ) {
    const { bytesRead } = await handle.read(part, 0, Math.min(part.length, end - at), at);
    if (bytesRead === 0) break;
    hash.update(part.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}
