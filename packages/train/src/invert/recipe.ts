/**
 * The search for the latent of a picture, as a recipe: its state is the latents, and a step takes them down the
 * gradient of their distance (Creswell & Bharath 2016; Lipton & Tripathi 2017).
 */
import { bytesToNumbers, type GeneratorMetadata, ModelError, numbersBehind } from '@ganport/model';
import {
  constant,
  gradients,
  inlineModel,
  inputsOf,
  type ModelProto,
  OnnxError,
  ops as op,
  scalar,
  type Value,
} from '@ganport/onnx';
import { ADAM_SLOTS, adam, adamRates, countAdamRates } from '../recipe/adam.ts';
import { createDraft } from '../recipe/draft.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { rateFactor } from '../recipe/schedules.ts';

export interface InversionOptions {
  /** Latents that are searched from, side by side: none has a part in another's way. */
  starts: number;
  steps: number;
  /** Of the first step; it falls as half a cosine to 0. */
  learningRate: number;
  /** What the mean square of a latent's numbers is multiplied by, and added to its distance. */
  prior: number;
  /** Index of the class of all of them, of a generator of classes. */
  label: number | undefined;
}

/** The state: the latents [starts, size], and Adam's moments. */
export const LATENTS = 'z';
export const MOMENTS = ADAM_SLOTS;

/** The metric of one start: the mean square of its picture's distance, in −1…1. */
export const distanceName = (start: number) => `distance ${start}`;

/** As PyTorch's defaults. */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/**
 * @param model a generator.onnx
 * @param picture bytes [H, W, C] of its images' size
 * @throws ModelError in one line if the model cannot be differentiated, naming the operator
 */
export function inversionRecipe(
  model: ModelProto,
  metadata: GeneratorMetadata,
  picture: Uint8Array,
  options: InversionOptions,
): Recipe {
  const { starts, steps, learningRate, prior, label } = options;
  const { height, width, channels } = metadata.image;
  const shape = [starts, metadata.latent.size];
  const draft = createDraft(0);
  for (const name of [LATENTS, ...MOMENTS]) {
    draft.declare(name, shape, { type: 'constant', value: 0 });
  }
  const given = draft.feed('picture', 'uint8', [1, height, width, channels], () => picture);
  const rates = draft.feed('rates', 'float32', [countAdamRates(ADAM)], (step) => {
    const factor = rateFactor({ type: 'cosine', steps, end: 0 }, step);
    return Float32Array.from(adamRates(step, learningRate * factor, ADAM));
  });
  const z = draft.get(LATENTS);
  const image = differentiable(() => imageOf(model, metadata, z, label));
  const apart = op.Sub(image, bytesToNumbers(given));
  const area = channels * height * width;
  const distances = op.Mul(
    op.ReduceSum(op.Mul(apart, apart), { axes: [1, 2, 3] }),
    scalar(1 / area),
  );
  let objective = op.ReduceSum(distances);
  differentiable(() => expectWay(objective, z));
  if (prior > 0) {
    const square = op.ReduceSum(op.Mul(z, z));
    objective = op.Add(objective, op.Mul(square, scalar(prior / metadata.latent.size)));
  }
  const [m, v] = MOMENTS.map((name) => draft.get(name));
  const settings = { ...ADAM, learningRate };
  const [next] = adam(objective, [{ weight: z, m: m!, v: v! }], rates, settings);
  draft.set(LATENTS, next!.weight);
  draft.set(MOMENTS[0], next!.m);
  draft.set(MOMENTS[1], next!.v);
  const each = op.Split(
    distances,
    Array.from({ length: starts }, () => 1),
    0,
  );
  const metrics = each.map((distance, i) => [distanceName(i), op.Reshape(distance, [])] as const);
  return draft.finish({ metrics: Object.fromEntries(metrics), sampler: { z, image } });
}

/** Images [N, C, H, W] in −1…1, before they are clipped. */
function imageOf(
  model: ModelProto,
  { image: { output } }: GeneratorMetadata,
  z: Value,
  label: number | undefined,
): Value {
  const count = z.shape[0] as number;
  const data = new BigInt64Array(count).fill(BigInt(label ?? 0));
  const labels =
    label === undefined ? {} : { label: constant({ dtype: 'int64', shape: [count], data }) };
  const { image } = inlineModel(model, { z, ...labels });
  return output === 'uint8' ? numbersBehind(image!) : image!;
}

/** @throws OnnxError if an operator has no gradient, or the latent is without influence */
function expectWay(objective: Value, z: Value): void {
  const [slope] = gradients(objective, [z]);
  if (inputsOf([slope!]).length > 0) return;
  throw new OnnxError('the picture does not depend on z but through operators without a gradient');
}

function differentiable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OnnxError || error instanceof ModelError)) throw error;
    throw new ModelError(`the model cannot be inverted: ${error.message}`, { cause: error });
  }
}
