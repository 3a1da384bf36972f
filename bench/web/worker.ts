/** A worker that trains with one library. */
import { expose } from 'comlink';
import { PRESETS } from '../src/presets.ts';
import type { BenchPage } from '../src/web-page.ts';
import type { GanSteps } from './gan-steps.ts';

let steps: GanSteps | undefined;

const served: BenchPage = {
  async create(library, preset, batch) {
    const options = { gan: PRESETS[preset], batch, random: createRandom() };
    if (library === 'ganport') {
      const { ganportGan } = await import('./ganport-gan.ts');
      steps = await ganportGan(preset, batch);
    } else if (library === 'tfjs') {
      const { tfjsGan } = await import('./tfjs-gan.ts');
      steps = await tfjsGan(options);
    } else {
      const { jaxGan } = await import('./jax-gan.ts');
      steps = await jaxGan(options);
    }
    return steps.description;
  },
  async run(count) {
    const start = performance.now();
    let losses = { dLoss: 0, gLoss: 0 };
    for (let i = 0; i < count; i++) losses = await steps!.step();
    return { ms: performance.now() - start, ...losses };
  },
};

/** Park and Miller's generator: numbers to compute with, of no other use. */
function createRandom() {
  let seed = 1;
  return (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return (2 * (seed / 2_147_483_647) - 1) * bound;
    });
}

expose(served);
