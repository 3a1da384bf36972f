/** `node checks.mjs webgpu|cuda`: twelve steps of a small recipe, against the CPU. */
import { latentBatch, resolveNetwork } from '@ganport/model';
import { feedsAt, ganRecipe, initialState } from '@ganport/train';
import { engineOn } from './engine.mjs';
import { skipWithout } from './skip.mjs';

const BATCH = 3;
const LATENT = 5;
const STEPS = 12;
const PIXELS = 16;
/** Float32 in another order of summation; a step moves a weight by up to 0.01. */
const TOLERANCE = 1e-5;

/** Every kind of layer. */
const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [LATENT] },
      layers: [
        { type: 'dense', units: 12 },
        { type: 'reshape', shape: [3, 2, 2] },
        { type: 'batchNorm' },
        { type: 'relu', name: 'small' },
        { type: 'upsample2d', name: 'up' },
        { type: 'convTranspose2d', from: 'small', filters: 3, kernel: 4, stride: 2, pad: 1 },
        { type: 'add', from: ['up', '5'] },
        { type: 'conv2d', filters: 1, kernel: 3, pad: 1 },
        { type: 'tanh' },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    {
      inputs: { image: [1, 4, 4] },
      layers: [
        { type: 'conv2d', filters: 2, kernel: 3, pad: 1, name: 'a' },
        { type: 'leakyRelu', slope: 0.2, name: 'b' },
        { type: 'conv2d', from: 'image', filters: 9, kernel: [1, 3], pad: [0, 1], name: 'narrow' },
        { type: 'batchNorm', name: 'normal' },
        { type: 'concat', from: ['a', 'b', 'normal'] },
        { type: 'batchNorm' },
        { type: 'avgPool2d', kernel: 2 },
        { type: 'flatten' },
        { type: 'sigmoid' },
        { type: 'dense', units: 1 },
      ],
    },
    'discriminator',
  ),
};
const settings = {
  loss: 'bce',
  penalties: {},
  augment: [],
  discriminatorSteps: 1,
  // An epsilon above a gradient's rounding: Adam's first steps are else the gradient's sign.
  adam: { learningRate: 1e-2, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 },
  schedule: { type: 'constant' },
  ema: 0.9,
};
const noise = (index) => Math.abs(Math.sin(index) * 255.99);
const images = {
  count: 1000,
  read: (indices) =>
    Uint8Array.from({ length: indices.length * PIXELS }, (_, i) =>
      noise(indices[Math.floor(i / PIXELS)] * 7919 + (i % PIXELS)),
    ),
};
const recipe = ganRecipe(gan, settings, { batch: BATCH, seed: 1, images });
const start = initialState(recipe, 3);

async function train(options) {
  const notices = [];
  const onNotice = (line) => notices.push(line);
  const engine = await engineOn(recipe, start, { ...options, onNotice });
  try {
    // Where koffi does not load, onnxruntime-node serves, which is not what is checked.
    if (engine.description.startsWith('onnxruntime-node')) {
      throw new Error(`${engine.description}: expected libonnxruntime itself, through koffi`);
    }
    const metrics = [];
    for (let step = 1; step <= STEPS; step += 1) {
      metrics.push(...Object.values(await engine.step(await feedsAt(recipe, step))));
    }
    const pictures = await engine.sample(latentBatch(9, 0, 2, LATENT), 2);
    return { metrics, pictures, state: await engine.state(), notices };
  } finally {
    await engine.close();
  }
}

/** NaN where one of them is. */
function furthest(a, b) {
  return a.reduce((most, value, i) => {
    const difference = Math.abs(value - b[i]);
    return difference > most || Number.isNaN(difference) ? difference : most;
  }, 0);
}

const furthestState = (a, b) =>
  furthest(
    Object.values(a).flatMap((data) => [...data]),
    Object.keys(a).flatMap((name) => [...b[name]]),
  );

const [, , device] = process.argv;
await skipWithout(device);
const cpu = await train({ device: 'cpu' });
const problems = [];
const moved = furthestState(start, cpu.state);
if (!(moved > 0.05)) problems.push(`the CPU moved no weight by more than ${moved}`);
const results = [];
for (const graphs of device === 'cuda' ? [true, false] : [true]) {
  const name = graphs ? device : `${device} without graphs`;
  try {
    const gpu = await train({ device, graphs });
    const differences = {
      state: furthestState(cpu.state, gpu.state),
      pictures: furthest(cpu.pictures, gpu.pictures),
      metrics: furthest(cpu.metrics, gpu.metrics),
    };
    results.push({ name, differences, notices: gpu.notices });
    problems.push(...gpu.notices.map((line) => `${name}: ${line}`));
    for (const [what, difference] of Object.entries(differences)) {
      if (difference < TOLERANCE) continue;
      problems.push(`${name}: ${what} off by ${difference}, expected less than ${TOLERANCE}`);
    }
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
  }
}
console.log(
  JSON.stringify({ device, steps: STEPS, tolerance: TOLERANCE, results, problems }, null, 2),
);
if (problems.length > 0) console.error(problems.join('; '));
process.exitCode = problems.length > 0 ? 1 : 0;
