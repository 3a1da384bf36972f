/** A run's files where a browser keeps them as long as it does, and in memory from then on. */
import { memoryStore, type RunStore } from '@ganport/model/run';
import { firstLine } from '@ganport/onnx';
import { filesOf, MAX_RUN_BYTES } from './zip.ts';

/**
 * What cannot be written goes into memory, with a copy of all that was: training goes on. The files that were kept stay as
 * they were with the last write that went well, which a run can be resumed from.
 * @param onFull told once, in a line, what went wrong
 */
export function whileItFits(kept: RunStore, onFull: (why: string) => void): RunStore {
  let current = kept;
  const write = async (put: (store: RunStore) => Promise<void>): Promise<void> => {
    try {
      await put(current);
    } catch (error) {
      if (current !== kept) throw error;
      current = await copyOf(kept);
      onFull(firstLine(error));
      await put(current);
    }
  };
  return {
    name: kept.name,
    pathOf: kept.pathOf,
    has: (file) => current.has(file),
    read: (file, limit) => current.read(file, limit),
    write: (file, data) => write((store) => store.write(file, data)),
    append: (file, text) => write((store) => store.append(file, text)),
    list: (folder) => current.list(folder),
    remove: (file) => current.remove(file),
    removeUnfinished: () => current.removeUnfinished(),
    sha256: kept.sha256,
  };
}

async function copyOf(store: RunStore): Promise<RunStore> {
  const copied = memoryStore(store.name);
  for (const file of await filesOf(store)) {
    await copied.write(file, await store.read(file, MAX_RUN_BYTES));
  }
  return copied;
}
