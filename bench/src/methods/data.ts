/** The data sets of docs/methods.md. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@ganport/model/node';
import { loadDataset, readClassifier } from '@ganport/train';
import { drawShapes } from './shapes.ts';
import { stackClassifier, stackDigits } from './stacked.ts';

export type DataName = 'mnist' | 'stacked' | 'shapes';

/** A sweep's settings of its data, and what it is scored by. */
export interface PreparedData {
  base: { data: 'mnist' | 'idx'; dataDir?: string };
  /** Path of a model; ganport's for digits without one. */
  features?: string;
  /** Pictures that are scored; as many of the data, and as many for the floor. */
  count: number;
}

const STACKED = 30_000;
const SHAPES = 10_000;
/** Of the classifier's features. */
const DIM = 64;

/** @param digits folder of MNIST's files; without it they are downloaded */
export async function prepareData(
  name: DataName,
  folder: string,
  digits: string | undefined,
): Promise<PreparedData> {
  const mnist = { data: 'mnist', ...(digits !== undefined && { dataDir: digits }) } as const;
  if (name === 'mnist') return { base: mnist, count: 5000 };
  mkdirSync(folder, { recursive: true });
  const images = join(folder, `${name}-train-images-idx4-ubyte`);
  if (name === 'shapes') {
    const drawn = existsSync(images) ? undefined : drawShapes(SHAPES);
    if (drawn) {
      await writeFileAtomic(join(folder, `${name}-train-labels-idx1-ubyte`), drawn.labels);
      await writeFileAtomic(images, drawn.images);
    }
    return { base: { data: 'idx', dataDir: images }, count: 5000 };
  }
  const features = join(folder, 'stacked-classifier.onnx');
  await writeFileAtomic(features, stackClassifier(await readClassifier(), DIM));
  if (!existsSync(images)) {
    const dataset = await loadDataset({ source: 'mnist', dataDir: digits });
    await writeFileAtomic(images, await stackDigits(dataset, STACKED));
    await dataset.close?.();
  }
  // Of 10,000 pictures of 1,000 kinds alike often, one kind is missing once in 22.
  return { base: { data: 'idx', dataDir: images }, features, count: 10_000 };
}
