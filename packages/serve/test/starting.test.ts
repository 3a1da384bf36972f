/** What is answered until all models are loaded, and once the service drains. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createApp } from '../src/index.ts';
import { createRegistry } from '../src/registry.ts';
import { slowGenerator } from './slow-generator.ts';

test('while models are loaded the process lives, and says that it starts', async () => {
  const { generator } = await slowGenerator();
  let release = () => {};
  const loading = new Promise<void>((resolve) => {
    release = resolve;
  });
  const models = createRegistry({
    sources: [{ model: { path: 'a', bytes: generator.file } }],
    load: () => loading.then(() => ({ generator, picturesPerSecond: 1 })),
  });
  const server = createServer(createApp({ models, pageDir: '/nowhere' })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}/${path}`);
  const statuses = () =>
    Promise.all(
      ['livez', 'startupz', 'readyz', 'v1/model', 'metrics'].map(async (path) => {
        const { status } = await ask(path);
        return status;
      }),
    );
  const started = models.start();
  expect(await statuses()).toEqual([200, 503, 503, 503, 200]);
  expect(await (await ask('v1/health')).json()).toEqual({ status: 'starting' });
  expect((await ask('v1/model')).headers.get('retry-after')).toBe('1');
  release();
  await started;
  expect(await statuses()).toEqual([200, 200, 200, 200, 200]);
  models.admission.drain();
  expect(await statuses()).toEqual([200, 200, 503, 200, 200]);
  await models.close();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});
