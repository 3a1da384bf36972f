/** Downloads of files whose size and digest are known beforehand. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { download, readFileWithin, writeFileAtomic } from '@ganport/model/node';

export interface RemoteFile {
  name: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
}

export interface DownloadProgress {
  file: string;
  /** Bytes, so far and in all. */
  received: number;
  total: number;
}

export interface DownloadOptions {
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Gives a mirror up after this long without a byte, in milliseconds. */
  stallMs?: number;
}

/**
 * Makes sure that `folder` has these files whole: what it has not, or has damaged, is downloaded.
 * @param mirrors addresses that end in "/", tried in order
 * @throws ModelError if no mirror gives a file with its digest, or the folder cannot be written
 */
export async function cacheFiles(
  folder: string,
  files: readonly RemoteFile[],
  mirrors: readonly string[],
  options: DownloadOptions = {},
): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new ModelError(`cannot make the folder ${folder} for downloads (${error.code})`);
  });
  const names = files.map(({ name }) => name).join(' and ');
  const remedy = `without a network, put ${names} into ${folder}, or name a folder that has them with --data-dir`;
  for (const file of files) {
    const path = join(folder, file.name);
    const present = await readFileWithin(path, file.size).catch(() => undefined);
    if (present && digest(present) === file.sha256) continue;
    await writeFileAtomic(path, await downloadFromAny(mirrors, file, remedy, options));
  }
}

/** The file from the first mirror that has it. */
async function downloadFromAny(
  mirrors: readonly string[],
  file: RemoteFile,
  remedy: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    try {
      return await downloadWhole(mirror, file, options);
    } catch (error) {
      failures.push(`${mirror} (${(error as Error).message})`);
    }
  }
  throw new ModelError(`cannot download ${file.name} from ${failures.join(' or ')}; ${remedy}`);
}

async function downloadWhole(
  mirror: string,
  { name, size, sha256 }: RemoteFile,
  { onProgress, stallMs }: DownloadOptions,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let received = 0;
  const take = (chunk: Uint8Array) => {
    if (received + chunk.length > size) throw new Error(`expected ${size} bytes, got more`);
    bytes.set(chunk, received);
    received += chunk.length;
    onProgress?.({ file: name, received, total: size });
  };
  await download(mirror + name, take, { stallMs });
  if (received < size) throw new Error(`expected ${size} bytes, got ${received}`);
  if (digest(bytes) === sha256) return bytes;
  throw new Error(`expected SHA-256 ${sha256}, got ${digest(bytes)}`);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
