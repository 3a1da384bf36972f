/** Where the files of a model are, and whether they are others than before. */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readGeneratorMetadata } from '@ganport/model';
import { type ModelFile, readModel } from '@ganport/sample/node';
import { ServeError } from './error.ts';
import { expectName, NAME } from './name.ts';
import { FALLBACK_NAME } from './service.ts';

export interface ModelSource {
  /** By default the generator's own, of a folder of versions the folder's. */
  name?: string | undefined;
  /** A file, a run folder or a folder of versions; or what was read, which never changes. */
  model: string | ModelFile;
}

export interface VersionFile {
  path: string;
  /** Another for another file, or other contents, without reading it; undefined where there is none that can be read again. */
  signature: string | undefined;
}

/** As `ganport export` calls it in a run folder, and as Triton does in a version's folder. */
const FILE_NAMES = ['generator.onnx', 'model.onnx'];
/** Without zeros in front: a version has one spelling. */
const VERSION = /^[1-9]\d{0,14}$/;

/**
 * Files by version, the newest first. A file is version 1, and so is that of a run folder; a folder of numbered folders has
 * as many versions, as Triton and TensorFlow Serving have them. Links are followed.
 * @throws ServeError that names the folder and says what was expected
 */
export async function findVersions(model: string | ModelFile): Promise<Map<string, VersionFile>> {
  if (typeof model !== 'string') return new Map([['1', { path: model.path, signature: 'given' }]]);
  const found = await stat(model).catch(() => undefined);
  if (!found?.isDirectory()) {
    return new Map([['1', { path: model, signature: signatureOf(found) }]]);
  }
  const own = await fileIn(model);
  if (own) return new Map([['1', own]]);
  const names = (await readdir(model)).filter((name) => VERSION.test(name));
  const versions = new Map<string, VersionFile>();
  for (const name of names.sort((a, b) => Number(b) - Number(a))) {
    const file = await fileIn(join(model, name));
    if (file) versions.set(name, file);
  }
  if (versions.size > 0) return versions;
  throw new ServeError(
    `${model} is a folder without a model: expected ${FILE_NAMES.join(' or ')} in it, or in folders in it that are named for versions, such as 1`,
  );
}

/**
 * @returns nothing if it was written to while it was read: its writer comes to an end, and then it is another
 * @throws SampleError or ModelError that names the path
 */
export async function readVersion(
  model: string | ModelFile,
  { path, signature }: VersionFile,
): Promise<ModelFile | undefined> {
  if (typeof model !== 'string') return model;
  const bytes = await readModel(path);
  const after = await stat(path).catch(() => undefined);
  return signatureOf(after) === signature ? { path, bytes } : undefined;
}

/**
 * What a model is called.
 * @throws ServeError for what cannot be a name; what reading its newest version throws
 */
export async function nameOf({ name, model }: ModelSource): Promise<string> {
  if (name !== undefined) return expectName(name);
  const [file] = (await findVersions(model)).values();
  if (typeof model === 'string' && file!.path !== model && dirname(file!.path) !== model) {
    const folder = basename(resolve(model));
    if (NAME.test(folder)) return folder;
  }
  return nameIn(typeof model === 'string' ? await readModel(file!.path) : model.bytes);
}

/** What a generator is called by itself; whoever loads it says what is wrong with it. */
function nameIn(bytes: Uint8Array): string {
  try {
    const { name } = readGeneratorMetadata(bytes);
    return NAME.test(name) ? name : FALLBACK_NAME;
  } catch {
    return FALLBACK_NAME;
  }
}

async function fileIn(folder: string): Promise<VersionFile | undefined> {
  for (const name of FILE_NAMES) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return { path, signature: signatureOf(found) };
  }
  return undefined;
}

/** Times alone would miss a file that another of the same moment is renamed over. */
function signatureOf(found: Stats | undefined): string | undefined {
  if (!found?.isFile()) return undefined;
  return [found.ino, found.size, found.mtimeMs, found.ctimeMs].join('-');
}
