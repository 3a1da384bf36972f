/** MNIST: handwritten digits, 28 × 28, grey (LeCun, Bottou, Bengio & Haffner 1998). */
import { join } from 'node:path';
import envPaths from 'env-paths';
import type { Dataset } from './dataset.ts';
import { cacheFiles, type DownloadOptions, type RemoteFile } from './download.ts';
import { loadIdx } from './idx-dataset.ts';

/** The 60,000 training digits as they were first published. */
const PUBLISHED: readonly RemoteFile[] = [
  {
    name: 'train-images-idx3-ubyte.gz',
    size: 9_912_422,
    sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
  },
  {
    name: 'train-labels-idx1-ubyte.gz',
    size: 28_881,
    sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
  },
];

/** Copies that PyTorch and TensorFlow download from. */
const MIRRORS = [
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
];

export interface MnistOptions extends Pick<DownloadOptions, 'onProgress'> {
  /** Folder of IDX files, or the images among them; without it the published ones are downloaded to the user's cache. */
  dataDir?: string | undefined;
}

/**
 * Loads MNIST's training digits, [count, 28, 28, 1], or any other IDX data set from a folder that is named.
 * @throws ModelError if files are missing or damaged, or cannot be downloaded
 */
export async function loadMnist({ dataDir, onProgress }: MnistOptions): Promise<Dataset> {
  if (dataDir !== undefined) return loadIdx(dataDir);
  const cache = join(envPaths('ganport', { suffix: '' }).cache, 'mnist');
  await cacheFiles(cache, PUBLISHED, MIRRORS, { onProgress });
  return loadIdx(cache);
}
