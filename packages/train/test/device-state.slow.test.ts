/** The state stays on the device from step to step: the same bits as where each step copies it. */
import { resolveNetwork } from '@ganport/model';
import { ARRAYS, sizeOf, type Tensor } from '@ganport/onnx';
import type { Program, ProgramOptions } from '@ganport/runtime';
import { openProgram } from '@ganport/runtime/node';
import { expect, test } from 'vitest';
import { useSoftwareGpu } from '../../runtime/test/software-gpu.ts';
import { createOnnxRuntimeEngine, feedsAt, initialState } from '../src/index.ts';
import { gpuLacks } from '../src/onnxruntime/gpu-lacks.ts';
import { recipeOf } from './recipes.ts';

const missing = useSoftwareGpu();
if (missing) console.warn(`skipped on webgpu: ${missing}`);

const STEPS = 50;
/** Bytes that a step may read back: its metrics. */
const MOST_READ = 1024;

const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [3] },
      layers: [
        { type: 'dense', units: 16 },
        { type: 'batchNorm' },
        { type: 'tanh' },
        { type: 'reshape', shape: [1, 4, 4] },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    {
      inputs: { image: [1, 4, 4] },
      layers: [
        { type: 'conv2d', filters: 2, kernel: 3, pad: 1 },
        { type: 'leakyRelu', slope: 0.2 },
        { type: 'flatten' },
        { type: 'dense', units: 1 },
      ],
    },
    'discriminator',
  ),
};
const recipe = recipeOf(gan, { batch: 4, ema: 0.9 });
const initial = initialState(recipe, 1);

const open = (model: Uint8Array, options: ProgramOptions) =>
  openProgram(model, { ...options, device: 'webgpu' });

/** Gives the state to each run, and takes it back from there. */
async function openCopying(model: Uint8Array, { state = {} }: ProgramOptions): Promise<Program> {
  const program = await open(model, {});
  const now: Record<string, Tensor> = {};
  for (const { name, dtype, shape } of program.inputs) {
    const sizes = shape as number[];
    if (name in state) now[name] = { dtype, shape: sizes, data: new ARRAYS[dtype](sizeOf(sizes)) };
  }
  return {
    ...program,
    write: async (tensors) => void Object.assign(now, tensors),
    read: async (names) => Object.fromEntries(names.map((name) => [name, now[name]!])),
    async run(feeds) {
      const outputs = await program.run({ ...feeds, ...now });
      for (const [name, next] of Object.entries(state)) {
        if (next !== null) now[name] = outputs[next]!;
      }
      return outputs;
    },
  };
}

test.skipIf(missing)(`${STEPS} steps on WebGPU, with at most 1 kB read back in each`, async () => {
  const programs: Program[] = [];
  const keep = async (opening: Promise<Program>) => {
    programs.push(await opening);
    return programs.at(-1)!;
  };
  const compose = gpuLacks;
  const staying = await createOnnxRuntimeEngine(recipe, initial, {
    open: (...model) => keep(open(...model)),
    compose,
  });
  const copying = await createOnnxRuntimeEngine(recipe, initial, { open: openCopying, compose });
  try {
    const { traffic } = programs[0]!;
    for (let step = 1; step <= STEPS; step++) {
      const feeds = await feedsAt(recipe, step);
      const before = traffic.fromDevice;
      const metrics = await staying.step(feeds);
      expect(traffic.fromDevice - before).toBeLessThanOrEqual(MOST_READ);
      expect(await copying.step(feeds)).toEqual(metrics);
    }
    const [a, b] = [await staying.state(), await copying.state()];
    expect(a).toEqual(b);
    expect(a).not.toEqual(initial);
  } finally {
    await staying.close();
    await copying.close();
  }
});
