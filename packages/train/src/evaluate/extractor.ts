/** From images to features: an ONNX model of one image input, run in batches. */
import { bytesOf, ModelError } from '@ganport/model';
import { showShape } from '@ganport/onnx';
import type { Program, RunOptions } from '@ganport/runtime';

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

/** Images of one run: the result does not depend on it. */
const BATCH = 64;

/**
 * @param what names the model in errors
 * @throws ModelError unless it has one input, images [N, C, H, W] (float32 in −1…1, or uint8) of this size
 * or of any, and an output "features", or only one, float32 [N, dim]
 */
export function createExtractor(
  model: Pick<Program, 'inputs' | 'outputs' | 'run'>,
  size: ImageSize,
  what: string,
): Extractor {
  const { channels, height, width } = size;
  const [image, ...more] = model.inputs;
  const expected = `images [N, ${channels}, ${height}, ${width}] float32 or uint8`;
  const got = model.inputs.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`).join(' and ');
  const refuse = (remedy: string) =>
    new ModelError(`${what}: expected one input, ${expected}, got ${got || 'none'}; ${remedy}`);
  if (!image || more.length > 0 || (image.dtype !== 'float32' && image.dtype !== 'uint8')) {
    throw refuse('a features model takes images alone');
  }
  const [n, ...each] = image.shape;
  const fits =
    each.length === 3 &&
    each.every((dim, i) => typeof dim === 'string' || dim === [channels, height, width][i]);
  if (!fits) throw refuse('put a Resize, and a repeat of the channels, before its input');
  if (typeof n === 'number') throw refuse('export it with a dynamic batch');
  const features = featuresOf(model, what);
  const logits = model.outputs.find(({ name }) => name === 'logits');
  const dim = features.shape[1] as number;
  return {
    dim,
    classes: logits?.shape[1] as number | undefined,
    async extract(images, options) {
      const area = channels * height * width;
      const count = images.length / area;
      const out = new Float32Array(count * dim);
      const scores: Float32Array[] = [];
      for (let start = 0; start < count; start += BATCH) {
        const part = Math.min(BATCH, count - start);
        const numbers = images.slice(start * area, (start + part) * area);
        const data =
          image.dtype === 'uint8' ? bytesOf(numbers, [1, channels * height, width]) : numbers;
        const shape = [part, channels, height, width];
        const feeds = { [image.name]: { dtype: image.dtype as 'uint8', shape, data } };
        const ran = await model.run(feeds, options);
        const row = ran[features.name]!.data as Float32Array;
        if (row.length !== part * dim || !row.every(Number.isFinite)) {
          throw new ModelError(
            `${what}: expected ${part * dim} finite features, got ${row.length === part * dim ? 'some that are not finite' : row.length}`,
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

function featuresOf({ outputs }: Pick<Program, 'outputs'>, what: string) {
  const named = outputs.find(({ name }) => name === 'features');
  const features = named ?? (outputs.length === 1 ? outputs[0] : undefined);
  const [, dim] = features?.shape ?? [];
  if (features?.dtype === 'float32' && features.shape.length === 2 && typeof dim === 'number') {
    return features;
  }
  const got = outputs.map(({ name, dtype, shape }) => `${name} ${dtype} ${showShape(shape)}`);
  throw new ModelError(
    `${what}: expected an output float32 [N, size], named "features" if it is not the only one, got ${got.join(' and ')}`,
  );
}
