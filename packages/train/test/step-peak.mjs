/** Takes two steps of a configuration, in a process of its own: only so is the peak theirs. The package is built. */
import {
  buildRecipe,
  createEngine,
  feedsAt,
  initialState,
  loadDataset,
  resolveConfig,
  resolveGan,
} from '@ganport/train';
import { stepBytes } from '../dist/step-memory.js';

const config = resolveConfig([['the test', JSON.parse(process.argv[2])]]);
const dataset = await loadDataset({ source: 'glyphs' });
const recipe = buildRecipe(resolveGan(config, dataset), config, dataset);
const before = process.memoryUsage.rss();
const engine = await createEngine(recipe, initialState(recipe, 0), {
  engine: 'onnxruntime',
  device: 'cpu',
  threads: 2,
});
let feeds = feedsAt(recipe, 1);
for (let step = 1; step <= 2; step++) {
  const stepping = engine.step(await feeds);
  feeds = feedsAt(recipe, step + 1);
  await stepping;
}
const taken = process.resourceUsage().maxRSS * 1024 - before;
await engine.close();
console.log(JSON.stringify({ taken, estimated: stepBytes(recipe) }));
