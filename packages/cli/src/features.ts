/** Features of the data's images and of drawn ones. */
import { numbersOf, permutation, STREAM, turnsIn } from '@ganport/model';
import { decodeReadable } from '@ganport/onnx';
import { readModel } from '@ganport/sample/node';
import {
  type Dataset,
  type Extractor,
  type FeatureRange,
  fitsClassifier,
  type Labelled,
  type OpenExtractor,
  openExtractor,
  readClassifier,
} from '@ganport/train';

/** Images that are in memory at a time. */
const PART = 256;

interface FeatureOptions {
  /** Of a model; ganport's own unless given. */
  path: string | undefined;
  range: FeatureRange | undefined;
  timeLimitMs: number;
}

/** Whoever opens it closes it. */
export async function openFeatures(
  { path, range, timeLimitMs }: FeatureOptions,
  dataset: Dataset,
): Promise<OpenExtractor> {
  const { name, channels, height, width } = dataset;
  if (path !== undefined) {
    const model = await readModel(path);
    const { model: decoded, problem } = decodeReadable(model);
    if (!decoded) throw new Error(`${path}: ${problem}`);
    const signal = AbortSignal.timeout(timeLimitMs);
    const options = { size: dataset, what: path, range, signal };
    return openExtractor(model, options).catch((error: unknown) => {
      if (error !== signal.reason) throw error;
      throw new Error(
        `${path}: expected features of an image within ${timeLimitMs / 1000} s, got none: give it more time (--time-limit)`,
      );
    });
  }
  if (!fitsClassifier(dataset)) {
    throw new Error(
      `${name} has images of ${width}×${height}×${channels}, and ganport's own features are for 28×28×1: name a model of theirs with --features`,
    );
  }
  return openExtractor(await readClassifier(), { size: dataset, what: 'the classifier of digits' });
}

/** Draws so many pictures from one on: images [count, C, H, W] in −1…1. The signal takes the request back. */
export type Draw = (
  start: number,
  count: number,
  signal: AbortSignal | undefined,
) => Promise<Float32Array>;

interface Parts {
  extractor: Extractor;
  count: number;
  /** Ends it. */
  signal: AbortSignal | undefined;
}

/** Of images from all over the data, whatever its order, with their labels where it has some. */
export async function extractReal(dataset: Dataset, parts: Parts): Promise<Labelled> {
  const chosen = permutation(0, 0, dataset.count, STREAM.evaluation).subarray(0, parts.count);
  const extracted = await extractParts(parts, async (start, part) => {
    const bytes = await dataset.read(chosen.slice(start, start + part));
    return numbersOf(bytes, [dataset.channels, dataset.height, dataset.width]);
  });
  const { labels } = dataset;
  return labels ? { ...extracted, labels: Array.from(chosen, (i) => labels[i]!) } : extracted;
}

/** @param classes that the pictures take turns in, where they are told; else 0 */
export async function extractDrawn(draw: Draw, classes: number, parts: Parts): Promise<Labelled> {
  const extracted = await extractParts(parts, draw);
  if (classes === 0) return extracted;
  return { ...extracted, labels: Array.from(turnsIn(classes, 0, parts.count), Number) };
}

async function extractParts(
  { count, extractor: { dim, classes, extract }, signal }: Parts,
  images: Draw,
): Promise<Labelled> {
  const features = new Float32Array(count * dim);
  const logits = classes === undefined ? undefined : new Float32Array(count * classes);
  for (let start = 0; start < count; start += PART) {
    signal?.throwIfAborted();
    const drawn = await images(start, Math.min(PART, count - start), signal);
    const part = await extract(drawn, signal && { signal });
    features.set(part.features, start * dim);
    logits?.set(part.logits!, start * classes!);
  }
  return logits ? { features, logits } : { features };
}
