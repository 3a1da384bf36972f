/** A run folder as a ZIP archive, and back: what is downloaded from a page, or given to one. */
import { ModelError } from '@ganport/model';
import { type MemoryStore, memoryStore, type RunStore, WARNINGS } from '@ganport/model/run';
import { type Unzipped, unzipSync, type Zippable, zipSync } from 'fflate';

/** Files of a run folder, beside those in its folders. */
const FILES = ['run.json', 'metrics.jsonl', WARNINGS, 'latest', 'best'];
/** And its folders; `data` has the images that were trained on, of a page that was given them. */
const FOLDERS = ['samples', 'checkpoints', 'data'];
const KNOWN =
  /^(?:run\.json|metrics\.jsonl|warnings\.json|latest|best|(?:samples|checkpoints|data)\/[\w.-]{1,100})$/;

/** Unpacked. A page has no more memory than for a few of them. */
export const MAX_RUN_BYTES = 2 ** 30;

/** Text and images of few levels become smaller, weights and PNGs do not. */
const PACKED = /\.jsonl?$|^data\//;

/** Names of the files of a run folder that are there. */
export async function filesOf(store: RunStore): Promise<string[]> {
  const inFolders = await Promise.all(
    FOLDERS.map(async (folder) => (await store.list(folder)).map((file) => `${folder}/${file}`)),
  );
  const names: string[] = [];
  for (const file of FILES) if (await store.has(file)) names.push(file);
  return [...names, ...inFolders.flat()];
}

/** @returns the bytes of an archive that has one folder, of the run's name */
export async function zipRun(store: RunStore): Promise<Uint8Array<ArrayBuffer>> {
  const files: Zippable = {};
  for (const file of await filesOf(store)) {
    const bytes = await store.read(file, MAX_RUN_BYTES);
    files[`${store.name}/${file}`] = [bytes, { level: PACKED.test(file) ? 6 : 0 }];
  }
  return zipSync(files) as Uint8Array<ArrayBuffer>;
}

/**
 * @param bytes of an archive with a run folder in it, at any depth, or with what is in one
 * @param what names the archive in errors
 * @throws ModelError if it is none, or has no run, or one that is too large
 */
export function unzipRun(bytes: Uint8Array, what: string): MemoryStore {
  let root: string | undefined;
  let total = 0;
  let files: Unzipped;
  try {
    // Once for the names: what is unpacked depends on where run.json is.
    unzipSync(bytes, {
      filter({ name }) {
        const folder = /^((?:[^/]+\/)*)run\.json$/.exec(name)?.[1];
        // The outermost, if there are several.
        if (folder !== undefined && folder.length < (root?.length ?? Infinity)) root = folder;
        return false;
      },
    });
    files = unzipSync(bytes, {
      filter({ name, originalSize }) {
        if (root === undefined || !name.startsWith(root)) return false;
        if (!KNOWN.test(name.slice(root.length))) return false;
        total += originalSize;
        return total <= MAX_RUN_BYTES;
      },
    });
  } catch (error) {
    throw new ModelError(
      `${what} is no ZIP archive, or a damaged one (${(error as Error).message}): expected a run folder as this page or \`zip -r\` packs it`,
    );
  }
  if (root === undefined) {
    throw new ModelError(
      `${what} has no run folder: expected a run.json in it, or in a folder of it`,
    );
  }
  if (total > MAX_RUN_BYTES) {
    throw new ModelError(`${what} unpacks to more than ${MAX_RUN_BYTES} bytes; a page has no room`);
  }
  const prefix = root.length;
  const own = Object.entries(files).map(([name, data]) => [name.slice(prefix), data] as const);
  const name = root.split('/').at(-2);
  return memoryStore(name || what.replace(/\.zip$/i, ''), own);
}
