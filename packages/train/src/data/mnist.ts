/**
 * MNIST: handwritten digits, 28 × 28, grey (LeCun, Bottou, Bengio & Haffner 1998); and clothes in its place
 * and form, Fashion-MNIST (Xiao, Rasul & Vollgraf 2017).
 */
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
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

/** Fashion-MNIST's 60,000 training images as they were first published. */
const FASHION: readonly RemoteFile[] = [
  {
    name: 'train-images-idx3-ubyte.gz',
    size: 26_421_880,
    sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
  },
  {
    name: 'train-labels-idx1-ubyte.gz',
    size: 29_515,
    sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
  },
];

/** Copies that TensorFlow and PyTorch download from. */
const FASHION_MIRRORS = [
  'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
  'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
];

/** As its authors name its labels 0 to 9. */
const CLOTHES = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
];

/**
 * Loads Fashion-MNIST's training images, [count, 28, 28, 1], downloaded or from a folder of its files.
 * @throws ModelError if files are missing or damaged, have other labels, or cannot be downloaded
 */
export async function loadFashion({ dataDir, onProgress }: MnistOptions): Promise<Dataset> {
  const cache = join(envPaths('ganport', { suffix: '' }).cache, 'fashion');
  if (dataDir === undefined) await cacheFiles(cache, FASHION, FASHION_MIRRORS, { onProgress });
  const dataset = await loadIdx(dataDir ?? cache);
  const numbers = CLOTHES.map((_, number) => String(number));
  if (String(dataset.classes) === String(numbers)) return { ...dataset, classes: CLOTHES };
  throw new ModelError(
    `${dataDir ?? cache}: expected the labels of Fashion-MNIST, 0 to 9, got ${dataset.classes ?? 'none'}; other data are --data idx`,
  );
}
