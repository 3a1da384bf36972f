/** `node cuda-graphs.mjs`: steps per second of the published GANs on CUDA, with and without its graphs, in turns. */
import { buildRecipe, feedsAt, initialState, resolveConfig, resolveGan } from '@ganport/train';
import { engineOn } from './engine.mjs';
import { skipWithout } from './skip.mjs';

const QUICK = process.env.QUICK === '1';
const SIZES = [
  ['mlp', 128],
  ['conv', 64],
];
const ROUNDS = QUICK ? 1 : 5;
const ROUND_SECONDS = QUICK ? 0.5 : 2;
const WARM_UP = 5;

function recipeOf(preset, batch) {
  const config = resolveConfig([['the benchmark', { preset, batch }]]);
  const gan = resolveGan(config, { height: 28, width: 28, channels: 1 });
  const bytes = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 256);
  return buildRecipe(gan, config, { count: batch, read: () => bytes });
}

/** Steps per second of rounds of two engines that take turns. */
async function compare([preset, batch]) {
  const recipe = recipeOf(preset, batch);
  const feeds = await feedsAt(recipe, 1);
  const start = initialState(recipe, 0);
  const contenders = [];
  try {
    for (const graphs of [false, true]) {
      const engine = await engineOn(recipe, start, { device: 'cuda', graphs });
      contenders.push({ engine, graphs, stepsPerSecond: [] });
      for (let step = 0; step < WARM_UP; step += 1) await engine.step(feeds);
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { engine, stepsPerSecond } of contenders) {
        const began = performance.now();
        let [steps, seconds] = [0, 0];
        for (; seconds < ROUND_SECONDS; steps += 1) {
          await engine.step(feeds);
          seconds = (performance.now() - began) / 1000;
        }
        stepsPerSecond.push(steps / seconds);
      }
    }
  } finally {
    for (const { engine } of contenders) await engine.close();
  }
  return { preset, batch, contenders: contenders.map(({ engine, ...result }) => result) };
}

await skipWithout('cuda');
const results = [];
for (const size of SIZES) results.push(await compare(size));
console.log(JSON.stringify(results, null, 2));
