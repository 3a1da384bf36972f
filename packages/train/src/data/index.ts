/** Data sources by name. To add one: a file that gives a `Dataset`, and a line in each table here. */
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';
import { glyphs } from './glyphs.ts';
import { loadIdx } from './idx-dataset.ts';
import { loadMnist, type MnistOptions } from './mnist.ts';

export { batchOrder } from './batches.ts';
export type { Dataset } from './dataset.ts';
export type { DownloadProgress } from './download.ts';
export { memoryDataset } from './memory.ts';

export const SOURCES = ['glyphs', 'mnist', 'idx'] as const;

type Source = (typeof SOURCES)[number];

interface LoadOptions extends MnistOptions {
  source: Source;
}

/** One fixed data set, whatever a run's seed is. */
const GLYPHS_SEED = 0;

const LOADERS: Record<Source, (options: LoadOptions) => Promise<Dataset>> = {
  glyphs: async ({ dataDir }) => {
    if (dataDir === undefined) return glyphs({ seed: GLYPHS_SEED });
    throw new ModelError(
      `data source glyphs is drawn by code, not read from ${dataDir}: leave out the folder, or choose another source, such as idx`,
    );
  },
  mnist: loadMnist,
  idx: async ({ dataDir }) => {
    if (dataDir !== undefined) return loadIdx(dataDir);
    throw new ModelError(
      'data source idx has no files of its own: name the folder of its images with --data-dir',
    );
  },
};

/**
 * Loads a data set.
 * @throws ModelError if the source is unknown, or its files are missing or damaged
 */
export async function loadDataset(options: LoadOptions): Promise<Dataset> {
  const { source } = options;
  if (!SOURCES.includes(source)) {
    throw new ModelError(`unknown data source "${source}": expected ${SOURCES.join(' or ')}`);
  }
  return LOADERS[source](options);
}
