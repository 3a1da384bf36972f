/** Data sources by name. To add one: a file that gives a `Dataset`, and a line in each table here and of names. */
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';
import { glyphImages } from './glyphs.ts';
import { loadIdx } from './idx-dataset.ts';
import { memoryDataset } from './memory.ts';
import { loadFashion, loadMnist, type MnistOptions } from './mnist.ts';
import { loadNpy } from './npy/npy-dataset.ts';
import type { NpyOptions } from './npy/settings.ts';
import { findPictures } from './pictures/folder.ts';
import { parquetPictures } from './pictures/parquet.ts';
import { type PrepareOptions, prepared } from './pictures/prepare.ts';
import { type PictureSettings, pictureSettings } from './pictures/settings.ts';
import { SOURCES, type Source } from './source-name.ts';

export { batchOrder } from './batches.ts';
export type { Dataset } from './dataset.ts';
export type { DownloadProgress } from './download.ts';
export { memoryDataset } from './memory.ts';
export type { PrepareProgress } from './pictures/prepare.ts';

export interface LoadOptions
  extends MnistOptions,
    Omit<PrepareOptions, 'settings'>,
    PictureSettings,
    NpyOptions {
  source: Source;
}

const LOADERS: Record<Source, (options: LoadOptions) => Promise<Dataset>> = {
  glyphs: async ({ dataDir }) => {
    if (dataDir === undefined) return memoryDataset(glyphImages());
    throw new ModelError(
      `data source glyphs is drawn by code, not read from ${dataDir}: leave out the folder, or choose another source, such as idx`,
    );
  },
  mnist: loadMnist,
  fashion: loadFashion,
  idx: async ({ dataDir }) => loadIdx(pathOf('idx', dataDir)),
  folder: async ({ dataDir, ...options }) => {
    const settings = given(options);
    return prepared(await findPictures(pathOf('folder', dataDir)), { ...options, settings });
  },
  parquet: async ({ dataDir, ...options }) => {
    const settings = given(options);
    return prepared(await parquetPictures(pathOf('parquet', dataDir)), { ...options, settings });
  },
  npy: async ({ dataDir, range, onRange }) => loadNpy(pathOf('npy', dataDir), { range, onRange }),
};

/** Sources of pictures of any size, for which there are settings. */
const PICTURES: readonly Source[] = ['folder', 'parquet'];

/**
 * Loads a data set. What has a `close` is the caller's to close.
 * @throws ModelError if the source is unknown, or its files are missing or damaged
 */
export async function loadDataset(options: LoadOptions): Promise<Dataset> {
  const { source } = options;
  if (!SOURCES.includes(source)) {
    throw new ModelError(`unknown data source "${source}": expected ${SOURCES.join(' or ')}`);
  }
  const [setting] = Object.keys(given(options));
  if (setting !== undefined && !PICTURES.includes(source)) {
    throw new ModelError(
      `${setting} is a setting of pictures, but data source ${source} has images of one size: leave it out, or choose ${PICTURES.join(' or ')}`,
    );
  }
  if (options.range !== undefined && source !== 'npy') {
    throw new ModelError(
      `range is a setting of arrays of floats, but data source ${source} has bytes: leave it out`,
    );
  }
  return LOADERS[source](options);
}

/** The settings of pictures that are given. */
function given(options: PictureSettings): PictureSettings {
  const known = Object.keys(pictureSettings.shape);
  const entries = Object.entries(options).filter(([key, value]) => {
    return known.includes(key) && value !== undefined;
  });
  return Object.fromEntries(entries);
}

function pathOf(source: Source, path: string | undefined): string {
  if (path !== undefined) return path;
  throw new ModelError(
    `data source ${source} has no files of its own: say where they are with --data ${source}:PATH`,
  );
}
