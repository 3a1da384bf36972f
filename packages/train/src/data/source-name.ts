/** Names of data sources, and where one's files are in the same word: "folder:cats". */
import { ModelError, quote } from '@ganport/model';

export const SOURCES = ['glyphs', 'mnist', 'fashion', 'idx', 'folder', 'npy', 'parquet'] as const;

export type Source = (typeof SOURCES)[number];

/**
 * Settings with "SOURCE:PATH" as `data` written out as `data` and `dataDir`; others as they are.
 * @throws ModelError where there is a `dataDir` as well
 */
export function withSource(settings: unknown, what: string): unknown {
  if (typeof settings !== 'object' || settings === null || !('data' in settings)) return settings;
  const { data } = settings;
  const source = SOURCES.find((name) => typeof data === 'string' && data.startsWith(`${name}:`));
  if (source === undefined) return settings;
  const path = (data as string).slice(source.length + 1);
  if (path === '') {
    throw new ModelError(`${what}: data: expected a path after "${source}:", got nothing`);
  }
  if ('dataDir' in settings) {
    throw new ModelError(
      `${what}: dataDir: expected none beside data ${quote(data)}, which says where it is`,
    );
  }
  return { ...settings, data: source, dataDir: path };
}
