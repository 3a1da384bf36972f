/**
 * The small runtime: generators that ganport exports, drawn by TypeScript alone. For pages whose policy forbids
 * WebAssembly, and for generators that a runtime of megabytes would outweigh.
 */
import { bytesOf, type GeneratorMetadata, latentBatch, turnsIn } from '@ganport/model';
import { checkRange } from '../chosen.ts';
import { SampleError } from '../error.ts';
import {
  GOLDEN_TOLERANCE,
  MAX_COUNT,
  mostPictures,
  type SampleOptions,
  type Sampler,
} from '../sampler.ts';
import { openGraph } from './run.ts';

/** Of one seed. */
export type SmallSampleOptions = Omit<SampleOptions, 'seed' | 'codes'> & { seed: number };

/** As `Sampler`, without walks and codes. */
export interface SmallSampler extends Pick<Sampler, 'metadata' | 'description'> {
  sample(options: SmallSampleOptions): ReturnType<Sampler['sample']>;
}

/** Longest that a page is held before it gets a turn, but for a picture. */
const HELD_MS = 12;

/**
 * Loads a generator.onnx and checks its golden samples. Pictures are drawn one by one on the thread that asks, which has
 * turns between them; there is nothing to close.
 * @param model its bytes
 * @throws SampleError if it is no generator of ganport's, has an operator that is not among the small runtime's, or
 * draws the golden samples more than one level off
 */
export async function loadSmallGenerator(model: Uint8Array): Promise<SmallSampler> {
  const { run, metadata: texts } = openGraph(model);
  const metadata = metadataOf(texts);
  const { latent, image, classes } = metadata;
  const { height, width, channels, output } = image;
  const size = height * width * channels;
  const draw = (z: Float32Array, label: bigint | undefined): Uint8Array => {
    const drawn = run({
      z: { shape: [1, latent.size], data: z },
      ...(label !== undefined && { label: { shape: [1], data: Float64Array.of(Number(label)) } }),
    }).data;
    const levels =
      output === 'uint8' ? drawn : bytesOf(drawn as Float32Array, [channels, height, width]);
    if (levels.length === size) return levels as Uint8Array;
    throw new SampleError(`the model draws ${levels.length} levels, expected ${size}`);
  };
  const sample: SmallSampler['sample'] = async ({ start = 0, count = 1, label, signal, ...of }) => {
    if (
      label !== undefined &&
      !(Number.isInteger(label) && label >= 0 && label < (classes?.length ?? 0))
    ) {
      throw new SampleError(
        `label: the generator has ${classes?.length ?? 0} classes, got ${label}`,
      );
    }
    checkRange('count', count, 1, mostPictures(metadata));
    const turns = classes && turnsIn(classes.length, start, count);
    const data = new Uint8Array(count * size);
    let held = performance.now();
    for (let i = 0; i < count; i += 1) {
      signal?.throwIfAborted();
      const { seed, truncation } = of;
      const z = latentBatch(seed, start + i, 1, latent.size, { truncation });
      data.set(draw(z, label === undefined ? turns?.[i] : BigInt(label)), i * size);
      if (performance.now() - held < HELD_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      held = performance.now();
    }
    return { count, height, width, channels, data };
  };
  await checkGolden(metadata, sample);
  return { metadata, description: 'the small runtime', sample };
}

/** What the loader needs of them, checked; `readGeneratorMetadata` checks the rest. */
function metadataOf(texts: Readonly<Record<string, string>>): GeneratorMetadata {
  let metadata: GeneratorMetadata | undefined;
  try {
    metadata = JSON.parse(texts.ganport ?? '');
    atob(metadata!.golden.images);
  } catch {
    metadata = undefined;
  }
  const { latent, image, golden, classes } = metadata ?? ({} as Partial<GeneratorMetadata>);
  const numbers = [latent?.size, image?.width, image?.height, image?.channels, golden?.count];
  const fits =
    numbers.every((number) => Number.isInteger(number) && number! > 0 && number! <= MAX_COUNT) &&
    Number.isSafeInteger(golden?.seed) &&
    golden!.seed >= 0 &&
    (classes === undefined || Array.isArray(classes));
  if (!fits) throw new SampleError('the model was not written by `ganport export`');
  return metadata!;
}

async function checkGolden({ golden }: GeneratorMetadata, sample: SmallSampler['sample']) {
  const { data } = await sample({ seed: golden.seed, count: golden.count });
  const expected = atob(golden.images);
  const off = data.reduce(
    (most, level, i) => Math.max(most, Math.abs(level - expected.charCodeAt(i))),
    0,
  );
  if (expected.length === data.length && off <= GOLDEN_TOLERANCE) return;
  throw new SampleError(
    `the small runtime draws the golden samples up to ${off} levels off, expected at most ${GOLDEN_TOLERANCE}`,
  );
}
