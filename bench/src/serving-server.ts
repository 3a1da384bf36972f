/** The process of the server of `bench serve`, which also draws without HTTP, and answers nothing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadGenerator } from '@ganport/sample/node';
import { type ServingOptions, serveGenerator } from '@ganport/serve';

export type Order =
  /** All clients have one address; `maxShare` of the queue, `maxQueue` pictures, is what they may have together. */
  | ({ readonly type: 'serve'; readonly file: string } & Pick<
      ServingOptions,
      'maxShare' | 'maxQueue'
    >)
  /** Draws without HTTP, as many requests at a time as there are clients. */
  | {
      readonly type: 'draw';
      readonly count: number;
      readonly clients: number;
      readonly seconds: number;
    }
  | { readonly type: 'memory' }
  /** The most it was resident. */
  | { readonly type: 'peak' }
  /** Seconds of CPU so far. */
  | { readonly type: 'cpu' };

export interface Ports {
  readonly service: number;
  /** Of a server of node:http that answers every request with nothing. */
  readonly empty: number;
}

type Generator = Awaited<ReturnType<typeof loadGenerator>>;
let generator: Generator | undefined;
let seed = 0;

process.on('message', async (order: Order) => {
  if (order.type === 'serve') process.send!(await serve(order));
  else if (order.type === 'draw') process.send!(await draw(generator!, order));
  else if (order.type === 'memory') process.send!(process.memoryUsage().rss);
  // maxRSS is in kilobytes.
  else if (order.type === 'peak') process.send!(process.resourceUsage().maxRSS * 1024);
  else process.send!(cpuSeconds());
});
process.once('disconnect', () => process.exit());

/** Again, at another port, where it is asked to once more. */
async function serve({ type, file, ...limits }: Extract<Order, { type: 'serve' }>): Promise<Ports> {
  generator ??= await loadGenerator(file, { device: 'cpu' });
  const { url } = await serveGenerator(generator, { port: 0, ...limits });
  const empty = createServer((_, response) => response.setHeader('Content-Length', 0).end());
  await new Promise<void>((resolve) => empty.listen(0, '127.0.0.1', resolve));
  return { service: Number(new URL(url).port), empty: (empty.address() as AddressInfo).port };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** @returns pictures a second */
async function draw(
  { sampler }: Generator,
  { count, clients, seconds }: Extract<Order, { type: 'draw' }>,
): Promise<number> {
  const began = performance.now();
  const end = began + seconds * 1000;
  let drawn = 0;
  const client = async () => {
    while (performance.now() < end) {
      seed += 1;
      const images = await sampler.sample({ seed, count });
      drawn += images.count;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return drawn / ((performance.now() - began) / 1000);
}
