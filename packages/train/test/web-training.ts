/** The same training wherever it runs: recipe, seed and data. It is loaded in pages too. */
import { type GanSpec, PRESETS } from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import {
  buildRecipe,
  type Engine,
  feedsAt,
  initialState,
  type Metrics,
  type Recipe,
  resolveGan,
  type State,
} from '../src/web.ts';

export const STEPS = 10;

const SETTINGS = {
  recipe: 'gan',
  seed: 4,
  loss: 'bce',
  penalties: {},
  augment: [],
  discriminatorSteps: 1,
  adam: { learningRate: 1e-3, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 },
  schedule: { type: 'constant' },
  ema: 0.9,
} satisfies Omit<Parameters<typeof buildRecipe>[1], 'batch'>;

interface Case extends GanSpec {
  batch: number;
}

const CONV: Case = {
  batch: 8,
  generator: {
    inputs: { z: [6] },
    layers: [
      { type: 'dense', units: 48 },
      { type: 'reshape', shape: [3, 4, 4] },
      { type: 'batchNorm' },
      { type: 'relu' },
      { type: 'upsample2d', scale: 2 },
      { type: 'conv2d', filters: 4, kernel: 3, pad: 1, bias: false },
      { type: 'batchNorm' },
      { type: 'relu' },
      { type: 'conv2d', filters: 1, kernel: 3, pad: 1 },
      { type: 'tanh' },
    ],
  },
  discriminator: {
    inputs: { image: [1, 8, 8] },
    layers: [
      { type: 'conv2d', filters: 4, kernel: 4, stride: 2, pad: 1 },
      { type: 'batchNorm' },
      { type: 'leakyRelu', slope: 0.2 },
      { type: 'flatten' },
      { type: 'dense', units: 1 },
    ],
  },
};

const CASES = {
  conv: CONV,
  mlp: { ...PRESETS.mlp({ channels: 1, height: 28, width: 28 }), batch: 16 },
};

export type CaseName = keyof typeof CASES;
export const CASE_NAMES = Object.keys(CASES) as CaseName[];

export interface Trained {
  /** What the engine calls itself. */
  description: string;
  /** Of each step. */
  metrics: Metrics[];
  /** Elements of two images drawn at the end. */
  images: number[];
}

/** Takes the steps on an engine that is created for them, and closes it. */
export async function trainOn(
  create: (recipe: Recipe, initial: State) => Promise<Engine>,
  name: CaseName,
): Promise<Trained> {
  const { batch, generator, discriminator } = CASES[name];
  const [, height, width] = discriminator.inputs.image as [number, number, number];
  const data = { name: 'stripes', channels: 1, height, width } as const;
  const gan = resolveGan({ batch, generator, discriminator }, data);
  const recipe = buildRecipe(gan, { ...SETTINGS, batch }, stripes(height, width));
  const engine = await create(recipe, initialState(recipe, SETTINGS.seed));
  try {
    const metrics: Metrics[] = [];
    for (let step = 1; step <= STEPS; step += 1) {
      metrics.push(await engine.step(await feedsAt(recipe, step)));
    }
    const latent = gan.generator.inputs.z![0]!;
    const z = Float32Array.from({ length: 2 * latent }, (_, i) => ((i * 5) % 7) / 3 - 1);
    const images = [...(await engine.sample(z, 2))];
    return { description: engine.description, metrics, images };
  } finally {
    await engine.close();
  }
}

/** A hundred grey images of stripes, each with other ones. */
function stripes(height: number, width: number) {
  const size = sizeOf([height, width]);
  return {
    count: 100,
    read: (indices: Uint32Array) =>
      Uint8Array.from({ length: indices.length * size }, (_, i) => {
        const [index, pixel] = [indices[Math.floor(i / size)]!, i % size];
        const phase = (pixel % width) * (1 + (index % 3)) + Math.floor(pixel / width) * index;
        return (phase * 37) % 256;
      }),
  };
}
