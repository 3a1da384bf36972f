/** What is looked at along the way: pictures of fixed latents, and how far they are from the data. */
import {
  latentBatch,
  nearestDistance,
  numbersOf,
  permutation,
  STREAM,
  turnsIn,
} from '@ganport/model';
import type { Dataset } from '../data/dataset.ts';
import {
  classAccuracy,
  effectiveClasses,
  histogramOf,
  knowsClasses,
  modeHistogram,
} from './class-scores.ts';
import type { Extractor } from './extractor.ts';
import { METRICS, type Metric, type Scores } from './metrics.ts';
import { atOnce } from './parts.ts';
import { columnsOf, type EncodePng, samplesGrid } from './samples.ts';

/** Images of the picture; scored images are drawn at most so many at a time too. */
const GRID = 64;
const SCORED = 1024;
/** Of the fixed latents, and of the choice of images they are compared with. */
const SEED = 42;

export interface EvaluationOptions {
  /** Draws images [count, C, H, W] in −1…1 from latents z [count, latent]; where there are classes, of those of labels [count]. */
  draw: (z: Float32Array, count: number, labels?: BigInt64Array) => Promise<Float32Array>;
  dataset: Dataset;
  /** Size of a latent vector. */
  latent: number;
  /** How many classes the generator draws of; 0 for none. Images take turns in them. */
  classes?: number;
  /**
   * A classifier of the data's classes. Its features are compared too if it knows at least half of the
   * data's images, and there are as many as features: classes of something else may have the same names.
   */
  classifier?: Extractor | undefined;
  encodePng: EncodePng;
}

/** The first samples. */
export interface Look {
  /** Images [count, C, H, W] in −1…1, of the same latents each time. */
  images: Float32Array;
  /** A PNG of them. */
  samples: Uint8Array;
  /** How far each is from its nearest neighbour, as a share of what is usual in the data: 0 where all are the same. */
  variety: number;
}

interface Evaluation extends Look {
  /** By every metric there is, of as many samples as images of the data: at most 1,024. */
  scores: Scores;
  /** How many of these samples the classifier takes for each of its classes, where it knows the data. */
  modes: number[] | undefined;
  /** Where a classifier knows the data. */
  kinds?: Kinds;
  /** There, of a generator of classes: the share of samples that it takes for what they should be. */
  accuracy?: number;
}

/** How many classes images are of, by `effectiveClasses`. */
export interface Kinds {
  pictures: number;
  data: number;
}

export interface Evaluator {
  look(): Promise<Look>;
  evaluate(): Promise<Evaluation>;
}

/** Evaluates what `draw` draws whenever it is asked to. */
export async function createEvaluator({
  draw,
  dataset,
  latent,
  classes = 0,
  classifier,
  encodePng,
}: EvaluationOptions): Promise<Evaluator> {
  const { height, width, channels } = dataset;
  const size = height * width * channels;
  const { images: real, labels } = await realImages(dataset);
  const count = real.length / size;
  const features = classifier && (await knownFeatures(classifier, real, labels));
  const sides: Record<Metric['of'], readonly [Float32Array, number] | undefined> = {
    pixels: [real, size],
    features: features && [features, classifier.dim],
  };
  const distances = Object.entries<Metric>(METRICS).flatMap(([name, { of, to }]) => {
    const side = sides[of];
    if (!side) return [];
    const parts = atOnce(to(...side));
    return [{ name, of, distance: (rows: Float32Array) => atOnce(parts(rows)) }];
  });
  const usualKinds = features && effectiveClasses(histogramOf(labels!, classifier.classes!));
  const usual = nearestDistance(real.subarray(0, GRID * size), size);
  const drawSome = async (count: number): Promise<Float32Array> => {
    const drawn = new Float32Array(count * size);
    for (let start = 0; start < count; start += GRID) {
      const part = Math.min(GRID, count - start);
      const z = latentBatch(SEED, start, part, latent);
      const labels = classes > 0 ? [turnsIn(classes, start, part)] : [];
      drawn.set(await draw(z, part, ...labels), start * size);
    }
    return drawn;
  };
  const lookAt = async (drawn: Float32Array): Promise<Look> => {
    const images = drawn.subarray(0, GRID * size);
    const { grid, times } = samplesGrid(images, { ...dataset, columns: columnsOf(classes) });
    return {
      images,
      samples: await encodePng(grid, times),
      // Data of one image, or of twins, have no variety to compare with.
      variety: usual > 0 ? nearestDistance(images, size) / usual : 1,
    };
  };
  return {
    look: async () => lookAt(await drawSome(Math.min(GRID, count))),
    async evaluate() {
      const drawn = await drawSome(count);
      const told = features && (await classifier!.extract(drawn));
      const rows = { pixels: drawn, features: told?.features };
      const scores = distances.map(({ name, of, distance }) => [name, distance(rows[of]!)]);
      const modes = told && modeHistogram(told.logits!, classifier!.classes!);
      const asked = classes > 0 ? Array.from(turnsIn(classes, 0, count), Number) : undefined;
      return {
        ...(await lookAt(drawn)),
        scores: Object.fromEntries(scores) as Scores,
        modes,
        ...(modes && { kinds: { pictures: effectiveClasses(modes), data: usualKinds! } }),
        ...(told &&
          asked && { accuracy: classAccuracy(told.logits!, classifier!.classes!, asked) }),
      };
    },
  };
}

/** Features of images of the data, if the classifier knows enough of them. */
async function knownFeatures(
  { extract, classes, dim }: Extractor,
  images: Float32Array,
  labels: ArrayLike<number> | undefined,
): Promise<Float32Array | undefined> {
  if (!classes || !labels || labels.length < dim) return undefined;
  const { features, logits } = await extract(images);
  return knowsClasses(logits!, classes, labels) ? features : undefined;
}

/**
 * Images of the data, [count, C, H, W] in −1…1 as the discriminator sees them, and their labels: always
 * the same, and from all over it, as a set may be sorted by class.
 */
async function realImages(dataset: Dataset) {
  const { channels, height, width } = dataset;
  const count = Math.min(SCORED, dataset.count);
  const chosen = permutation(SEED, 0, dataset.count, STREAM.evaluation).subarray(0, count);
  const images = numbersOf(await dataset.read(chosen), [channels, height, width]);
  return { images, labels: dataset.labels && Array.from(chosen, (i) => dataset.labels![i]!) };
}
