/** A run's files → generator.onnx: folded, self-describing, and checked against the trained network. */
import {
  bytesOf,
  codesSpec,
  drawnWeight,
  type GeneratorMetadata,
  generatorMetadataSchema,
  inputSpec,
  latentBatch,
  METADATA_KEY,
  ModelError,
  type Network,
  NO_DIGEST,
  nearestDistance,
  parseOrThrow,
  resolveNetwork,
  samplerGraph,
  sealGenerator,
  turnsIn,
} from '@ganport/model';
import {
  type Checkpoint,
  type CheckpointChoice,
  checkpointTensor,
  type Run,
  type RunStore,
  readCheckpoint,
  readRun,
  runOf,
} from '@ganport/model/run';
import { buildModel, encodeModel, float32, sizeOf } from '@ganport/onnx';
import { buildGenerator, type ImageOutput } from './generator.ts';
import { bake } from './passes/bake.ts';
import { bakeSpectralNorm } from './passes/bake-spectral-norm.ts';
import { foldBatchNorm } from './passes/fold-batch-norm.ts';
import type { WeightArrays } from './passes/weighted-network.ts';
import { type Batch, drawAll, largestDifference, type OpenModel } from './verify.ts';

/** How far the exported generator may be from the trained one, in −1…1: float32 rounding of the folding. */
const MAX_FLOAT_DIFFERENCE = 1e-4;
/** And in levels of 0…255, where a difference of rounding can cross the middle between two. */
const MAX_LEVEL_DIFFERENCE = 1;

/** Batches compared: batch size and seed of the latents. */
const COMPARED = [
  { count: 1, seed: 1 },
  { count: 3, seed: 2 },
  { count: 64, seed: 3 },
] as const;

const GOLDEN = { seed: 42, count: 4 } as const;

export interface ExportFromOptions {
  /** Opens what is compared. */
  open: OpenModel;
  /** Which checkpoint; the latest by default. */
  checkpoint?: CheckpointChoice | undefined;
  output?: ImageOutput;
  /** 17 to 21. */
  opset?: number;
  /** ganport's version, written into the model. */
  version: string;
}

export interface Exported {
  model: Uint8Array;
  metadata: GeneratorMetadata;
  /**
   * How far the exported generator is from the trained network, drawn from the same latents: the largest
   * difference of a number of an image, in −1…1, and of a byte, in 0…255.
   */
  verified: { pictures: number; float: number; levels: number };
  /** What is odd about its pictures, a line each. */
  warnings: string[];
}

/**
 * Exports a run's generator. The same run and options give the same bytes.
 * @throws ModelError if the run cannot be read, its run.json is not what was trained, or the result
 * differs from the trained network.
 * @throws RuntimeError in one line if onnxruntime does not work
 */
export async function exportFrom(store: RunStore, options: ExportFromOptions): Promise<Exported> {
  const { open, checkpoint: choice = 'latest', output = 'uint8' } = options;
  const { opset = 17, version } = options;
  const current = await readRun(store);
  const checkpoint = await readCheckpoint(store, choice);
  const trained = resolveGenerator(current, store.pathOf('run.json'));
  const run = runOf(checkpoint, current, store);
  const ema = Object.keys(checkpoint.tensors).some((name) => name.startsWith('ema.'));
  const weights = trainedWeights(trained, checkpoint, ema);
  const graph = bake(foldBatchNorm(bakeSpectralNorm({ network: trained, weights })));
  const build = (as: ImageOutput, metadata: Record<string, string> = {}) =>
    buildGenerator(graph, { output: as, opset, metadata, producerVersion: version });

  const size = trained.inputs.z![0]!;
  const { label: classes } = trained.labels;
  const batchOf = ({ seed, count }: { seed: number; count: number }): Batch => ({
    z: latentBatch(seed, 0, count, size),
    count,
    labels: classes === undefined ? undefined : turnsIn(classes, 0, count),
  });
  const batches = COMPARED.map(batchOf);
  const expected = await drawTrained(open, trained, checkpoint, ema, batches);
  const plain = { float: build('float32'), levels: build('uint8') };
  const verified = {
    pictures: batches.reduce((sum, { count }) => sum + count, 0),
    float: largestDifference(expected, await drawAll(open, plain.float, batches)),
    levels: largestDifference(
      expected.map((images) => bytesOf(images, trained.outputShape)),
      await drawAll(open, plain.levels, batches),
    ),
  };
  expectWithin('float32', verified.float, MAX_FLOAT_DIFFERENCE);
  expectWithin('uint8', verified.levels, MAX_LEVEL_DIFFERENCE);

  const [images] = await drawAll(open, plain.levels, [batchOf(GOLDEN)]);
  const metadata = describe(run, checkpoint, trained, output, images as Uint8Array, version);
  const model = build(output, { [METADATA_KEY]: JSON.stringify(metadata) });
  const digest = await sealGenerator(model);
  const warnings = alike(expected.at(-1)!, trained.outputShape);
  return { model, metadata: { ...metadata, digest }, verified, warnings };
}

/** One level of 255, in −1…1: what differs by less than that on average, nobody tells apart. */
const LEVEL = 2 / 255;

/** Says whether pictures [count, C, H, W] in −1…1 are all the same. */
function alike(images: Float32Array, shape: readonly number[]): string[] {
  if (nearestDistance(images, sizeOf(shape)) > LEVEL) return [];
  return ['pictures of different latents are the same: the generator had collapsed in training'];
}

/** The run's generator. @throws ModelError if it does not turn a latent into an image. */
function resolveGenerator({ config }: Run, path: string): Network {
  const what = `${path}: generator`;
  const network = resolveNetwork(config.generator, what);
  const inputs = inputSpec(network);
  if (!['z', 'z,label'].includes(Object.keys(inputs).join()) || network.inputs.z?.length !== 1) {
    const got = JSON.stringify(inputs);
    throw new ModelError(
      `${what}: expected an input "z" of shape [size], and "label" at most beside it, got ${got}`,
    );
  }
  const [channels] = network.outputShape;
  if (network.outputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new ModelError(
      `${what}: expected an output of [1 or 3 channels, height, width], got [${network.outputShape}]`,
    );
  }
  return network;
}

/** The trained weights by parameter name: the moving average's, where one was kept. */
function trainedWeights(trained: Network, checkpoint: Checkpoint, ema: boolean): WeightArrays {
  const weights = trained.parameters.map(({ name, shape, trained: learnt }) => {
    return [name, checkpointTensor(checkpoint, drawnWeight(name, learnt, ema), shape)] as const;
  });
  return Object.fromEntries(weights);
}

/** Images [N, C, H, W] of the network as it was trained: nothing folded, weights fed from outside. */
async function drawTrained(
  open: OpenModel,
  trained: Network,
  { tensors }: Checkpoint,
  ema: boolean,
  batches: readonly Batch[],
): Promise<Float32Array[]> {
  const { inputs, image } = samplerGraph(trained, ema);
  const model = encodeModel(buildModel({ name: 'sampler', inputs, outputs: { image } }));
  const feeds = trained.parameters.map(({ name, shape, trained: learnt }) => {
    const key = drawnWeight(name, learnt, ema);
    return [key, float32(tensors[key]!.data as Float32Array, shape)] as const;
  });
  return (await drawAll(open, model, batches, Object.fromEntries(feeds))) as Float32Array[];
}

function expectWithin(output: ImageOutput, difference: number, limit: number): void {
  if (difference <= limit) return;
  throw new ModelError(
    `the exported generator differs from the trained one: ${output} images by ${difference}, expected at most ${limit}`,
  );
}

/** Names of the classes that a label is of: the data's. */
function classesOf({ dataset }: Run, count: number | undefined): string[] | undefined {
  if (count === undefined) return undefined;
  const { classes = Array.from({ length: count }, (_, i) => String(i)) } = dataset;
  if (classes.length === count) return classes;
  throw new ModelError(
    `run.json: expected ${count} names of classes in "dataset", got ${classes.length}`,
  );
}

function describe(
  run: Run,
  checkpoint: Checkpoint,
  { inputs, labels, codes, outputShape }: Network,
  output: ImageOutput,
  golden: Uint8Array,
  version: string,
): GeneratorMetadata {
  // Where its maker keeps the data is nobody else's business, and not part of what was made.
  const { dataDir: _, ...config } = run.config;
  const history = run.history?.filter(({ field }) => field !== 'config.dataDir') ?? [];
  const [channels, height, width] = outputShape as [1 | 3, number, number];
  const classes = classesOf(run, labels.label);
  const metadata: GeneratorMetadata = {
    format: classes ? 2 : 1,
    name: run.config.name,
    ...(classes && { classes }),
    latent: { size: inputs.z![0]!, distribution: 'normal' },
    ...(codes.length > 0 && { codes: codesSpec(codes) }),
    image: { width, height, channels, output },
    provenance: {
      dataset: { name: run.dataset.name, sha256: run.dataset.sha256 },
      weights: checkpoint.sha256,
      seed: run.config.seed,
      steps: checkpoint.step,
      config,
      ...(history.length > 0 && { history }),
      versions: { ...run.versions, export: version },
    },
    scores: checkpoint.scores,
    digest: NO_DIGEST,
    golden: { ...GOLDEN, images: base64Of(golden) },
  };
  // What is written can be read: its limits are narrower than a network's.
  return parseOrThrow(generatorMetadataSchema, metadata, 'the description of the generator');
}

function base64Of(bytes: Uint8Array): string {
  // Not one call for all: there may be more bytes than a call has room for.
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
