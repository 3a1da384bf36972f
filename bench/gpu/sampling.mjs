/** `node sampling.mjs DEVICE GENERATOR`: pictures per second, by the pictures of a request. */
import { loadGenerator } from '@ganport/sample/node';
import { skipWithout } from './skip.mjs';

const BATCHES = [1, 8, 64, 256];
const SECONDS = process.env.QUICK === '1' ? 0.3 : 3;
const WARM_UP = 3;

const [, , device, path] = process.argv;
await skipWithout(device);
// It redraws its golden samples before it draws others.
const { sampler } = await loadGenerator(path, { device });
const results = [];
try {
  for (const batch of BATCHES) {
    for (let i = 0; i < WARM_UP; i += 1) await sampler.sample({ seed: i, count: batch });
    const began = performance.now();
    let [pictures, seconds] = [0, 0];
    while (seconds < SECONDS) {
      await sampler.sample({ seed: 1, start: pictures, count: batch });
      pictures += batch;
      seconds = (performance.now() - began) / 1000;
    }
    results.push({ batch, picturesPerSecond: pictures / seconds });
  }
} finally {
  await sampler.close();
}
console.log(JSON.stringify({ device, description: sampler.description, results }, null, 2));
