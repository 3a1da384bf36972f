/** MNIST: handwritten digits, 28 × 28, grey (LeCun, Bottou, Bengio & Haffner 1998). */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import envPaths from 'env-paths';
import type { Dataset } from './dataset.ts';
import { cacheFiles, type DownloadOptions, type RemoteFile } from './download.ts';
import { readIdx } from './idx.ts';
import { memoryDataset } from './memory.ts';

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

/** Images and labels as a folder may hold them: all of the training digits, or 10,000 of them. */
const NAMES = [
  ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
  ['train10k-images-idx3-ubyte', 'train10k-labels-idx1-ubyte'],
] as const;

const CLASSES = Array.from('0123456789');

export interface MnistOptions extends Pick<DownloadOptions, 'onProgress'> {
  /** Folder of IDX files; without it the published ones are downloaded to the user's cache. */
  dataDir?: string | undefined;
}

/**
 * Loads MNIST's training digits, [count, 28, 28, 1].
 * @throws ModelError if files are missing or damaged, or cannot be downloaded
 */
export async function loadMnist({ dataDir, onProgress }: MnistOptions): Promise<Dataset> {
  if (dataDir !== undefined) return readMnist(dataDir);
  const cache = join(envPaths('ganport', { suffix: '' }).cache, 'mnist');
  await cacheFiles(cache, PUBLISHED, MIRRORS, { onProgress });
  return readMnist(cache);
}

async function readMnist(folder: string): Promise<Dataset> {
  const [imagesPath, labelsPath] = await findFiles(folder);
  const images = await readIdx(imagesPath, 3);
  const labels = await readIdx(labelsPath, 1);
  const [count, height, width] = images.shape as [number, number, number];
  if (images.data.length === 0) {
    throw new ModelError(`${imagesPath}: it has no images: its shape is [${images.shape}]`);
  }
  if (labels.data.length !== count) {
    throw new ModelError(
      `${labelsPath}: expected ${count} labels, one for each image in ${imagesPath}, got ${labels.data.length}`,
    );
  }
  const odd = labels.data.findIndex((label) => label >= CLASSES.length);
  if (odd >= 0) {
    throw new ModelError(
      `${labelsPath}: expected labels from 0 to 9, got ${labels.data[odd]} for image ${odd}`,
    );
  }
  const bytes = { images: images.data, labels: labels.data };
  return memoryDataset({ name: 'mnist', height, width, channels: 1, ...bytes, classes: CLASSES });
}

/** Paths of a folder's images and labels. */
async function findFiles(folder: string): Promise<readonly [string, string]> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new ModelError(`cannot read the data folder ${folder} (${error.code})`);
  });
  const find = (name: string) => [name, `${name}.gz`].find((n) => present.includes(n));
  for (const [images, labels] of NAMES) {
    const [imagesFile, labelsFile] = [find(images), find(labels)];
    if (imagesFile && labelsFile) return [join(folder, imagesFile), join(folder, labelsFile)];
  }
  const expected = NAMES.map((pair) => pair.join(' and ')).join(', or ');
  throw new ModelError(
    `${folder} has no MNIST training digits: expected ${expected}, gzipped or not`,
  );
}
