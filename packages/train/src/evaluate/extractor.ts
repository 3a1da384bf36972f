/** From images to features: an ONNX model of one image input, run in batches. */
import { bytesOf, ModelError } from '@ganport/model';
import { showShape } from '@ganport/onnx';
import type { Program, RunOptions } from '@ganport/runtime';
import { resizePlanes } from './resize.ts';

export interface ImageSize {
  channels: number;
  height: number;
  width: number;
}

export interface Extracted {
  /** [count, dim]. */
  features: Float32Array;
  /** [count, classes], of a model that has logits too. */
  logits?: Float32Array;
}

export interface Extractor {
  /** Size of a feature vector. */
  dim: number;
  /** Classes of the logits, where there are some. */
  classes: number | undefined;
  /** Of images [count, C, H, W] in −1…1. @throws ModelError for features that are not finite */
  extract(images: Float32Array, options?: RunOptions): Promise<Extracted>;
}

/** What black and white are to a model: its numbers are −1…1 · scale + shift. */
const RANGES = {
  '-1..1': { scale: 1, shift: 0 },
  '0..1': { scale: 0.5, shift: 0.5 },
  '0..255': { scale: 127.5, shift: 127.5 },
} as const;

export type FeatureRange = keyof typeof RANGES;
export const FEATURE_RANGES = Object.keys(RANGES) as FeatureRange[];

export interface ExtractorOptions {
  /** Of the images. */
  size: ImageSize;
  /** Names the model in errors. */
  what: string;
  /** Of a model that takes float32; −1…1 unless given. */
  range?: FeatureRange | undefined;
}

type Model = Pick<Program, 'inputs' | 'outputs' | 'run'>;

/** Images, and numbers, of one run at most: what an image gets does not depend on it. */
const [BATCH, NUMBERS] = [64, 2 ** 22];

/**
 * @throws ModelError unless it has one input, images [N, C, H, W] (float32, or uint8 in 0…255) of a size that these images can
 * be brought to, see `inputOf`, and an output "features", or only one, float32 [N, dim] or [N, dim, 1, 1]
 */
export function createExtractor(model: Model, { size, what, range }: ExtractorOptions): Extractor {
  const input = inputOf(model, { size, what, range });
  const { channels, height, width } = input.size;
  const features = featuresOf(model, what);
  const logits = model.outputs.find(({ name }) => name === 'logits');
  const dim = features.shape[1] as number;
  const most = Math.max(1, Math.min(BATCH, Math.floor(NUMBERS / (channels * height * width))));
  return {
    dim,
    classes: logits?.shape[1] as number | undefined,
    async extract(images, options) {
      const area = size.channels * size.height * size.width;
      const count = images.length / area;
      const out = new Float32Array(count * dim);
      const scores: Float32Array[] = [];
      for (let start = 0; start < count; start += most) {
        const part = Math.min(most, count - start);
        const data = input.of(images.subarray(start * area, (start + part) * area));
        const shape = [part, channels, height, width];
        const feeds = { [input.name]: { dtype: input.dtype as 'uint8', shape, data } };
        const ran = await model.run(feeds, options);
        const row = ran[features.name]!.data as Float32Array;
        if (row.length !== part * dim || !row.every(Number.isFinite)) {
          throw new ModelError(
            row.length === part * dim
              ? `${what}: expected ${row.length} finite features, got some that are not: it may take images of another range (--features-range)`
              : `${what}: expected ${part * dim} features, got ${row.length}`,
          );
        }
        out.set(row, start * dim);
        if (logits) scores.push(ran[logits.name]!.data as Float32Array);
      }
      if (!logits) return { features: out };
      return { features: out, logits: Float32Array.from(scores.flatMap((some) => [...some])) };
    },
  };
}

/**
 * The model's input, and what makes images its data: they are resized to the height and width that it names, and grey is
 * repeated where it takes colour. What it leaves open is the images' own.
 */
function inputOf({ inputs }: Pick<Program, 'inputs'>, { size, what, range }: ExtractorOptions) {
  const [image, ...more] = inputs;
  const given = `[N, ${size.channels}, ${size.height}, ${size.width}]`;
  const got = inputs.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`).join(' and ');
  const refuse = (remedy: string) =>
    new ModelError(
      `${what}: expected one input, images [N, C, H, W] float32 or uint8 that can be made of ${given}, got ${got || 'none'}; ${remedy}`,
    );
  if (!image || more.length > 0) throw refuse('a features model takes images alone');
  if (image.dtype !== 'float32' && image.dtype !== 'uint8') {
    throw refuse('put a Cast before its input');
  }
  const [n, ...each] = image.shape;
  if (each.length !== 3) {
    const flat = each.length === 1 && each[0] === size.channels * size.height * size.width;
    throw refuse(flat ? 'put a Reshape before its input' : 'it takes no images: name another');
  }
  if (typeof n === 'number') throw refuse('export it with a dynamic batch');
  const own = [size.channels, size.height, size.width];
  const [channels, height, width] = each.map((dim, i) =>
    typeof dim === 'number' ? dim : own[i]!,
  ) as [number, number, number];
  if (channels !== size.channels && (size.channels !== 1 || channels !== 3)) {
    const last = each[2] === size.channels;
    const remedy = last
      ? 'put a Transpose before it if they come last'
      : 'name another, or give pictures as many (--channels)';
    throw refuse(`it takes ${channels} channels, the images have ${size.channels}: ${remedy}`);
  }
  if (image.dtype === 'uint8' && range) {
    throw new ModelError(
      `${what}: it takes bytes, whose range is 0..255: expected none of its own, got ${range}`,
    );
  }
  const { scale, shift } = RANGES[range ?? '-1..1'];
  return {
    name: image.name,
    dtype: image.dtype,
    size: { channels, height, width },
    of(images: Float32Array): Float32Array | Uint8Array {
      const resized = resizePlanes(images, size, { height, width });
      const numbers = repeated(resized, channels / size.channels, height * width);
      // As planes: bytes of one channel lie as numbers do.
      if (image.dtype === 'uint8') return bytesOf(numbers, [1, 1, numbers.length]);
      return numbers.map((x) => x * scale + shift);
    },
  };
}

/** Each plane so many times. */
function repeated(planes: Float32Array, times: number, area: number): Float32Array {
  const out = new Float32Array(planes.length * times);
  for (let i = 0; i < planes.length; i += area) {
    const plane = planes.subarray(i, i + area);
    for (let k = 0; k < times; k++) out.set(plane, i * times + k * area);
  }
  return out;
}

function featuresOf({ outputs }: Pick<Program, 'outputs'>, what: string) {
  const named = outputs.find(({ name }) => name === 'features');
  const features = named ?? (outputs.length === 1 ? outputs[0] : undefined);
  // Inception's last pooling leaves a height and width of 1.
  const [, dim, ...rest] = features?.shape ?? [];
  const fits = typeof dim === 'number' && (rest.length === 0 || rest.length === 2);
  if (features?.dtype === 'float32' && fits && rest.every((each) => each === 1)) return features;
  const got = outputs.map(({ name, dtype, shape }) => `${name} ${dtype} ${showShape(shape)}`);
  throw new ModelError(
    `${what}: expected an output float32 [N, size], named "features" if it is not the only one, got ${got.join(' and ')}; ${remedyOf(features)}`,
  );
}

/** @param features the output that would be taken, if one is named so or there is no other */
function remedyOf(features: Program['outputs'][number] | undefined): string {
  if (!features) return 'call the one that has them "features"';
  const [, dim, ...rest] = features.shape;
  if (rest.length > 0) return 'put a GlobalAveragePool and a Flatten behind it';
  return typeof dim === 'number' ? 'put a Cast behind it' : 'export it with that size fixed';
}
