/** Recipes of small networks, for tests. */
import { sizeOf } from '@ganport/onnx';
import { type Gan, type GanSettings, ganRecipe, type Recipe } from '../src/index.ts';

const SETTINGS: GanSettings = {
  loss: 'bce',
  penalties: {},
  augment: [],
  discriminatorSteps: 1,
  adam: { learningRate: 1e-3, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 },
  schedule: { type: 'constant' },
  ema: 0,
};

export interface RecipeSettings extends Partial<GanSettings> {
  batch: number;
  seed?: number;
}

/** A recipe on a thousand images of noise. */
export function recipeOf(gan: Gan, { batch, seed = 1, ...settings }: RecipeSettings): Recipe {
  const size = sizeOf(gan.discriminator.inputs.image!);
  const images = {
    count: 1000,
    labels: Uint8Array.from({ length: 1000 }, (_, i) => i % 2),
    read: (indices: Uint32Array) =>
      Uint8Array.from({ length: indices.length * size }, (_, i) =>
        Math.abs(Math.sin(indices[Math.floor(i / size)]! * 7919 + (i % size)) * 255.99),
      ),
  };
  return ganRecipe(gan, { ...SETTINGS, ...settings }, { batch, seed, images });
}
