/** A run's files in the browser's own file system for this page's origin: https://fs.spec.whatwg.org. */
import { ModelError } from '@ganport/model';
import { digestInPage, type RunStore } from '@ganport/model/run';

/** Of all runs. */
const RUNS = 'ganport-runs';

/**
 * The folder that has a folder for each run.
 * @throws ModelError where the browser keeps no files, as in a private window or with storage blocked
 */
export async function runsFolder(): Promise<FileSystemDirectoryHandle> {
  const { storage } = navigator as { storage?: StorageManager };
  if (!storage?.getDirectory || !('createWritable' in FileSystemFileHandle.prototype)) {
    throw new ModelError('this browser keeps no files for a page');
  }
  try {
    const root = await storage.getDirectory();
    return await root.getDirectoryHandle(RUNS, { create: true });
  } catch (error) {
    throw new ModelError(`this browser keeps no files here (${(error as Error).message})`);
  }
}

/** Names of the runs that are kept. */
export async function runNames(runs: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const [name, { kind }] of runs.entries()) if (kind === 'directory') names.push(name);
  return names.sort();
}

/** @param name of a folder in that of all runs, which is made */
export async function opfsStore(runs: FileSystemDirectoryHandle, name: string): Promise<RunStore> {
  const run = await runs.getDirectoryHandle(name, { create: true });
  const pathOf = (file: string) => `${name}/${file}`;
  /** What was appended and not written yet: a file is written anew each time. */
  const pending = new Map<string, string>();
  const folderOf = async (file: string, create: boolean): Promise<FileSystemDirectoryHandle> => {
    const [folder, inner] = file.split('/') as [string, string?];
    return inner === undefined ? run : run.getDirectoryHandle(folder, { create });
  };
  const open = async (file: string, create = false): Promise<FileSystemFileHandle> =>
    (await folderOf(file, create)).getFileHandle(file.split('/').at(-1)!, { create });
  /** Written beside the file, which it replaces when it is closed. */
  const put = async (file: string, data: string | Uint8Array, keep: boolean): Promise<void> => {
    try {
      const handle = await open(file, true);
      const writable = await handle.createWritable({ keepExistingData: keep });
      if (keep) await writable.seek((await handle.getFile()).size);
      await writable.write(data as string | Uint8Array<ArrayBuffer>);
      await writable.close();
    } catch (error) {
      const { name: kind, message } = error as DOMException;
      const full = kind === 'QuotaExceededError';
      const why = full ? 'no space is left for this page: remove runs, or free some' : message;
      throw new ModelError(`cannot write ${pathOf(file)}: ${why}`, { cause: error });
    }
  };
  /**
   * A new file is there, empty, before it is written: one without bytes is what was left as the page was closed, and is
   * not there.
   */
  const found = async (file: string): Promise<File | undefined> => {
    const blob = await (await orNothing(open(file)))?.getFile();
    return blob && blob.size > 0 ? blob : undefined;
  };
  const flush = async (): Promise<void> => {
    for (const [file, text] of [...pending]) {
      await put(file, text, true);
      // More of it may have come meanwhile.
      const rest = pending.get(file)?.slice(text.length);
      if (rest) pending.set(file, rest);
      else pending.delete(file);
    }
  };
  return {
    name,
    pathOf,
    has: async (file) => pending.has(file) || (await found(file)) !== undefined,
    async read(file, limit) {
      // Where nothing more can be written, what was is read none the less.
      const blob = await found(file);
      const unwritten = pending.get(file);
      if (!blob && unwritten === undefined) throw new ModelError(`${name} has no ${file}`);
      const whole = new Blob([blob ?? '', unwritten ?? '']);
      if (whole.size > limit) {
        throw new ModelError(
          `cannot read ${pathOf(file)}: expected at most ${limit} bytes, got ${whole.size}`,
        );
      }
      return new Uint8Array(await whole.arrayBuffer());
    },
    async write(file, data) {
      await flush();
      await put(file, data, false);
    },
    async append(file, text) {
      pending.set(file, (pending.get(file) ?? '') + text);
    },
    async list(folder) {
      const parent = await orNothing(run.getDirectoryHandle(folder));
      const names: string[] = [];
      if (!parent) return names;
      for await (const file of parent.keys()) {
        if (await found(`${folder}/${file}`)) names.push(file);
      }
      return names;
    },
    async remove(file) {
      pending.delete(file);
      const folder = await orNothing(folderOf(file, false));
      await orNothing(folder?.removeEntry(file.split('/').at(-1)!) ?? Promise.resolve());
    },
    // Those are the browser's to remove.
    removeUnfinished: async () => undefined,
    sha256: digestInPage,
  };
}

/** What is not there is nothing. */
async function orNothing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if ((error as DOMException).name === 'NotFoundError') return undefined;
    throw error;
  }
}
