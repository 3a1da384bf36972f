import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../../shared/data/', import.meta.url);

/**
 * The path of a data file that is not part of the project, such as 'onnx/….tgz', or undefined where
 * it is missing: the caller then skips its tests, and the reason is printed.
 * @throws Error where it is missing although CI is set.
 */
export function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(name, FOLDER));
  if (existsSync(path)) return path;
  const reason = `${path} does not exist`;
  if (process.env.CI) throw new Error(`${reason}, and CI is set`);
  console.warn(`skipped: ${reason}`);
  return undefined;
}
