/** Finds the latent whose picture is nearest to a given one. */
import { latentBatch, ModelError, readGeneratorMetadata } from '@ganport/model';
import { decodeModel } from '@ganport/onnx';
import { type Device, openProgram } from '@ganport/runtime/node';
import { expectMemory } from '../memory.ts';
import { createOnnxRuntimeEngine } from '../onnxruntime/engine.ts';
import { feedsAt } from '../recipe/index.ts';
import {
  distanceName,
  type InversionOptions,
  inversionRecipe,
  LATENTS,
  MOMENTS,
} from './recipe.ts';

export interface InvertOptions extends Omit<InversionOptions, 'label'> {
  /** The bytes of a generator.onnx. */
  model: Uint8Array;
  /** Bytes [H, W, C] of the model's images' size, see `readPicture`. */
  picture: Uint8Array;
  /** Draws with the same model: latents [count, size] → bytes [count, H, W, C]. What is found is measured by it. */
  draw(latents: Float32Array, labels?: readonly number[]): Promise<Uint8Array>;
  device: Device;
  /** Start i is the latent of picture i of this seed. */
  seed: number;
  /** Indices of the classes that are tried, of a generator of classes. */
  labels?: readonly number[] | undefined;
  signal?: AbortSignal | undefined;
  onStep?: ((progress: InvertProgress) => void) | undefined;
}

export interface InvertProgress {
  /** Of all classes' together, counted from 1. */
  step: number;
  steps: number;
  label: number | undefined;
  /** The nearest start's, as `Inverted.mse`. */
  mse: number;
}

export interface Inverted {
  z: Float32Array;
  /** Index of its class. */
  label: number | undefined;
  /** Which start it was found from. */
  start: number;
  /** What the model draws of it, bytes [H, W, C]. */
  picture: Uint8Array;
  /** How far that is from the given one: the mean square in −1…1, and its root in levels of 0…255. */
  mse: number;
  rmse: number;
}

/**
 * The same options give the same latent, on one device. Of several classes, and of several starts, the nearest is
 * kept.
 * @throws ModelError in one line if the model cannot be differentiated, naming the operator, or gives numbers that
 * are not finite; the signal's reason when it is aborted
 */
export async function invert(options: InvertOptions): Promise<Inverted> {
  const { model, picture, draw, starts, seed } = options;
  const metadata = readGeneratorMetadata(model);
  const { size } = metadata.latent;
  const labels = metadata.classes ? (options.labels ?? metadata.classes.keys()) : [undefined];
  const each = [...labels];
  const decoded = decodeModel(model);
  let nearest: Inverted | undefined;
  for (const [turn, label] of each.entries()) {
    const recipe = inversionRecipe(decoded, metadata, picture, { ...options, label });
    expectMemory(recipe, 'step');
    const zeros = new Float32Array(starts * size);
    const initial = {
      [LATENTS]: latentBatch(seed, 0, starts, size),
      ...Object.fromEntries(MOMENTS.map((name) => [name, zeros])),
    };
    const found = await descend(recipe, initial, { ...options, turn, turns: each.length, label });
    const classes = label === undefined ? undefined : Array.from({ length: starts }, () => label);
    const drawn = await draw(found, classes);
    for (let start = 0; start < starts; start++) {
      const bytes = drawn.subarray(start * picture.length, (start + 1) * picture.length);
      const { mse, rmse } = distance(picture, bytes);
      if (nearest && nearest.mse <= mse) continue;
      const z = found.slice(start * size, (start + 1) * size);
      nearest = { z, label, start, picture: bytes.slice(), mse, rmse };
    }
  }
  return nearest!;
}

/** Takes all starts down; returns their latents. */
async function descend(
  recipe: ReturnType<typeof inversionRecipe>,
  initial: Record<string, Float32Array>,
  options: InvertOptions & { turn: number; turns: number; label: number | undefined },
): Promise<Float32Array> {
  const { device, steps, starts, turn, turns, label, signal, onStep } = options;
  signal?.throwIfAborted();
  const engine = await createOnnxRuntimeEngine(recipe, initial, {
    open: (model, more) => openProgram(model, { device, ...more }),
  });
  try {
    for (let step = 1; step <= steps; step++) {
      const metrics = await engine.step(await feedsAt(recipe, step), signal);
      const distances = Array.from({ length: starts }, (_, i) => metrics[distanceName(i)]!);
      if (!distances.every(Number.isFinite)) {
        throw new ModelError(
          `step ${step}: expected finite distances, got ${distances.find((d) => !Number.isFinite(d))}: the model gives numbers that are not finite, or the learning rate is too high`,
        );
      }
      const mse = Math.min(...distances);
      onStep?.({ step: turn * steps + step, steps: turns * steps, label, mse });
    }
    return (await engine.state())[LATENTS]!;
  } finally {
    await engine.close();
  }
}

/** Between two pictures' bytes. */
function distance(a: Uint8Array, b: Uint8Array): { mse: number; rmse: number } {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  const square = sum / a.length;
  return { mse: square / 127.5 ** 2, rmse: Math.sqrt(square) };
}
