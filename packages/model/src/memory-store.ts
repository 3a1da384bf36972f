/** A run's files in memory: for one that nothing keeps, and for one on its way through an archive. */
import { ModelError } from './error.ts';
import type { RunStore } from './run-store.ts';
import { sha256 } from './sha256.ts';

export interface MemoryStore extends RunStore {
  /** By name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** @param given files by name, which are then the store's own */
export function memoryStore(
  name: string,
  given: Iterable<readonly [string, Uint8Array]> = [],
): MemoryStore {
  const files = new Map(given);
  const pathOf = (file: string) => `${name}/${file}`;
  return {
    name,
    files,
    pathOf,
    has: async (file) => files.has(file),
    async read(file, limit) {
      const bytes = files.get(file);
      if (!bytes) throw new ModelError(`${name} has no ${file}`);
      if (bytes.length > limit) {
        throw new ModelError(
          `cannot read ${pathOf(file)}: expected at most ${limit} bytes, got ${bytes.length}`,
        );
      }
      return bytes.slice();
    },
    async write(file, data) {
      files.set(file, typeof data === 'string' ? new TextEncoder().encode(data) : data);
    },
    async append(file, text) {
      const [before = new Uint8Array(), added] = [files.get(file), new TextEncoder().encode(text)];
      const all = new Uint8Array(before.length + added.length);
      all.set(before);
      all.set(added, before.length);
      files.set(file, all);
    },
    async list(folder) {
      const prefix = `${folder}/`;
      return [...files.keys()]
        .filter((file) => file.startsWith(prefix))
        .map((file) => file.slice(prefix.length));
    },
    async remove(file) {
      files.delete(file);
    },
    removeUnfinished: async () => undefined,
    sha256: digestInPage,
  };
}

/** @throws ModelError outside a secure context */
export async function digestInPage(bytes: Uint8Array): Promise<string> {
  const digest = await sha256(bytes);
  if (digest !== undefined) return digest;
  throw new ModelError(
    'no digest can be had here: expected a page that came over https, or from localhost',
  );
}
