/**
 * `node serving.mjs DEVICE GENERATOR`: what `ganport serve` answers, by the pictures of a request, their format
 * and the clients at a time. The clients are this process, on the same machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { skipWithout } from './skip.mjs';

const GANPORT = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const SECONDS = process.env.QUICK === '1' ? 0.3 : 3;
const WARM_UP = 20;

/** Requests of nothing show what HTTP itself costs. */
const REQUESTS = [
  { of: 'nothing', pictures: 0, path: () => 'v1/health' },
  { of: 'picture, png', pictures: 1, path: (i) => `v1/images/1/${i}.png` },
  ...[1, 8, 64].map((pictures) => ({
    of: 'pictures, raw',
    pictures,
    path: (i) => `v1/images/1?start=${i * pictures}&count=${pictures}&format=raw`,
  })),
];
const CLIENTS = [1, 16];
/** So many clients are let in, from one address too; each request's log line would be a measurement of logs. */
const OPTIONS = ['--port', '0', '--log-level', 'warn', '--max-queue', '4096', '--max-share', '1'];

const [, , device, path] = process.argv;
await skipWithout(device);
const server = spawn(
  process.execPath,
  [GANPORT, 'serve', path, '--device', device, ...OPTIONS, '--json'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = once(server, 'close');
const results = [];
try {
  const url = await address();
  for (const request of REQUESTS) {
    for (const clients of CLIENTS) results.push(await measure(url, request, clients));
  }
} finally {
  server.kill('SIGINT');
  await ended;
}
console.log(JSON.stringify({ device, results }, null, 2));

/** Where it serves. @throws Error if it does not, with what it said */
async function address() {
  let told = '';
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
    told += chunk;
    if (told.endsWith('}\n')) break;
  }
  const { url, error } = JSON.parse(told);
  if (!url) throw new Error(error.message);
  return url;
}

/** Each client asks again once it has its answer. */
async function measure(url, { of, pictures, path }, clients) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let [next, counting] = [0, false];
  const took = [];
  const client = async (goesOn) => {
    while (goesOn()) {
      const began = performance.now();
      await answer(`${url}${path(next++)}`, agent);
      if (counting) took.push(performance.now() - began);
    }
  };
  const all = (goesOn) => Promise.all(Array.from({ length: clients }, () => client(goesOn)));
  await all(() => next < WARM_UP);
  counting = true;
  const began = performance.now();
  await all(() => performance.now() - began < SECONDS * 1000);
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  took.sort((a, b) => a - b);
  const quantile = (share) => took[Math.floor(share * (took.length - 1))];
  return {
    ...{ request: of, pictures, clients, requestsPerSecond: took.length / seconds },
    ...(pictures > 0 && { picturesPerSecond: (took.length * pictures) / seconds }),
    milliseconds: { median: quantile(0.5), p99: quantile(0.99) },
  };
}

/** Takes an answer whole. @throws Error for any but 200 */
function answer(url, agent) {
  return new Promise((settle, fail) => {
    const request = get(url, { agent }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`${url}: HTTP ${response.statusCode}`));
      response.on('error', fail).on('end', settle).resume();
    });
    request.on('error', fail);
  });
}
