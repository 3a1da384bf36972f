import { resolve } from 'node:path';
import { withSource } from './source-name.ts';

/**
 * Settings whose data folder is from where their file is, wherever the command is run.
 * @param folder of the file
 * @throws ModelError that begins with `what`, for "SOURCE:" without a path and for two of them
 */
export function withAbsoluteData(settings: unknown, what: string, folder: string): unknown {
  const named = withSource(settings, what);
  const { dataDir } = (named ?? {}) as { dataDir?: unknown };
  // An empty one is refused as it is, not taken for the folder.
  if (typeof dataDir !== 'string' || dataDir === '') return named;
  return { ...(named as object), dataDir: resolve(folder, dataDir) };
}
