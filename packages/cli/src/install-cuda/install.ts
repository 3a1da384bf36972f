/** Downloads onnxruntime's CUDA provider, and puts it in its place whole or not at all. */
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { ModelError } from '@ganport/model';
import { download, removeTemporaryFiles, temporaryPath } from '@ganport/model/node';
import { firstLine } from '@ganport/onnx';
import { isWholeLibrary } from '@ganport/runtime/node';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { NugetPackage } from './package.ts';

export interface InstallOptions {
  /** Folder of onnxruntime's binding. */
  folder: string;
  source: NugetPackage;
  signal?: AbortSignal;
  /** Gives a server up after this long without a byte, in milliseconds. */
  stallMs?: number;
  /** @param total bytes in all, where the server tells it */
  onProgress?: (received: number, total: number | undefined) => void;
}

/**
 * Installs the provider's files. On a failure, the folder's files are as they were.
 * @throws ModelError in one line: why, and how to install the files by hand; the signal's reason, if
 * it is aborted
 */
export async function installCuda(options: InstallOptions): Promise<void> {
  const { folder, source, signal } = options;
  /** Temporary files by the names they are to have. */
  const unpacked = new Map<string, string>();
  const archive = temporaryPath(folder);
  try {
    await removeTemporaryFiles(folder);
    const url = await packageUrl(options);
    await downloadTo(archive, url, options);
    const zip = await openPromise(archive, { autoClose: false }).catch((error) => {
      throw new Error(`${url} is not a NuGet package: ${firstLine(error)}`);
    });
    try {
      const entries = await entriesByPath(zip);
      for (const [file, path] of Object.entries(source.paths)) {
        const entry = entries.get(path);
        if (!entry) throw new Error(`${url} holds no ${path}`);
        const temporary = temporaryPath(folder);
        unpacked.set(file, temporary);
        await unpack(zip, entry, temporary, signal);
      }
    } finally {
      zip.close();
    }
    for (const [file, temporary] of unpacked) await rename(temporary, join(folder, file));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ModelError(
      `cannot install onnxruntime's CUDA provider: ${reasonOf(error, folder)}; ${byHand(options)}`,
      { cause: error },
    );
  } finally {
    for (const path of [archive, ...unpacked.values()]) await rm(path, { force: true });
  }
}

/** An index is a few kilobytes. */
const MAX_INDEX_BYTES = 1_000_000;

/** The package's address, by NuGet's protocol, version 3: the feed's index names its base. */
async function packageUrl({ source, signal, stallMs }: InstallOptions): Promise<string> {
  const { index, name, version } = source;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const take = (chunk: Uint8Array) => {
    size += chunk.length;
    if (size > MAX_INDEX_BYTES) throw new Error(`more than ${MAX_INDEX_BYTES} bytes`);
    chunks.push(chunk);
  };
  await from(index, download(index, take, { signal, stallMs }));
  const base = baseAddress(Buffer.concat(chunks).toString());
  if (!base) throw new Error(`${index} is not the index of a NuGet feed, version 3`);
  const [id, v] = [name.toLowerCase(), version.toLowerCase()];
  return `${base.replace(/\/?$/, '/')}${id}/${v}/${id}.${v}.nupkg`;
}

function baseAddress(json: string): string | undefined {
  try {
    const { resources } = JSON.parse(json) as { resources: Record<string, unknown>[] };
    const found = resources.find((one) => one['@type'] === 'PackageBaseAddress/3.0.0');
    return typeof found?.['@id'] === 'string' ? found['@id'] : undefined;
  } catch {
    return undefined;
  }
}

async function downloadTo(
  path: string,
  url: string,
  { signal, stallMs, onProgress }: InstallOptions,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let received = 0;
    let expected: number | undefined;
    const take = async (chunk: Uint8Array, total: number | undefined) => {
      expected = total;
      await file.writeFile(chunk);
      received += chunk.length;
      onProgress?.(received, total);
    };
    await from(url, download(url, take, { signal, stallMs }));
    if (expected !== undefined && received !== expected) {
      throw new Error(`${url} ended after ${received} of ${expected} bytes`);
    }
  } finally {
    await file.close();
  }
}

/** Names the address in what a download throws; the file system's errors stay as they are. */
async function from(url: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw isFileError(error) ? error : new Error(`${url} (${(error as Error).message})`);
  }
}

async function entriesByPath(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  return entries;
}

/** yauzl checks an entry's size, and leaves its checksum to whoever reads it. */
async function unpack(
  zip: ZipFile,
  entry: Entry,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  let checksum = 0;
  const check = new Transform({
    transform(chunk, _, done) {
      checksum = crc32(chunk, checksum);
      done(null, chunk);
    },
  });
  const stream = await zip.openReadStreamPromise(entry);
  await pipeline(stream, check, createWriteStream(path, { flags: 'wx', flush: true }), { signal });
  if (checksum !== entry.crc32) throw new Error(`${entry.fileName} is damaged: its CRC-32 differs`);
  if (!isWholeLibrary(path)) throw new Error(`${entry.fileName} is not a whole library`);
}

/** What helps against errors of the file system, by the system's code. */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'run this as the user who installed ganport',
  EDQUOT: 'the disk quota is used up, and about 1 GB is needed for a while',
  ENOSPC: 'no space is left on the disk, and about 1 GB is needed for a while',
  EPERM: 'run this as the user who installed ganport',
  EROFS: 'the file system is read-only: run this where ganport is installed',
};

function isFileError(error: unknown): boolean {
  return ((error as NodeJS.ErrnoException).code ?? '') in REMEDIES;
}

function reasonOf(error: unknown, folder: string): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  return isFileError(error)
    ? `cannot write into ${folder} (${code}): ${REMEDIES[code]}`
    : firstLine(error);
}

function byHand({ folder, source: { name, version, paths } }: InstallOptions): string {
  const path = Object.values(paths)[0]!.replace(/\/[^/]*$/, '');
  return (
    `by hand: put ${Object.keys(paths).join(' and ')} into ${folder}, from ${path} of the NuGet package ` +
    `${name} ${version} (a zip file), or from onnxruntime/capi of PyPI's onnxruntime-gpu ${version}, which may ` +
    'need another CUDA; NUGET_INDEX names the index of another NuGet feed'
  );
}
