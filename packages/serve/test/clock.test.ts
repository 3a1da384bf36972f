/** Clocks that are set, by a day forwards and backwards, while requests are under way. */
import { afterEach, expect, test, vi } from 'vitest';
import { type RunningServer, type ServingOptions, serveGenerator } from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const DAY_MS = 86_400_000;
let server: RunningServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await server?.close();
  server = undefined;
});

async function serve(options: ServingOptions = {}) {
  const slow = await slowGenerator();
  server = await serveGenerator(slow.generator, {
    ...{ port: 0, pageDir: '/nowhere', graceMs: 0 },
    ...options,
  });
  const get = (path: string) => fetch(new URL(path, server!.url));
  return { ...slow, get };
}

/** What Date says; timers go on as they do on a machine whose clock is set. */
function setClock(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

test.each([DAY_MS, -DAY_MS])(
  '%i ms later, what is under way is answered in its time',
  async (jump) => {
    const { get, runs, begun } = await serve({ deadlineMs: 400, maxQueue: 2 });
    const asked = get('/v1/images/1?count=2&format=raw');
    await begun(1);
    setClock(jump);
    const refused = await get('/v1/images/2/0.png');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    runs[0]!.finish();
    expect((await asked).status).toBe(200);
    // The deadline is as long as it was.
    expect((await get('/v1/images/3/0.png')).status).toBe(504);
  },
);

test.each([DAY_MS, -DAY_MS])('%i ms later, nobody is told to come again in a day', async (jump) => {
  const { get } = await serve({ ratePerMinute: 1 });
  expect((await get('/v1/model')).status).toBe(200);
  expect((await get('/v1/model')).status).toBe(429);
  setClock(jump);
  const response = await get('/v1/model');
  expect([200, 429]).toContain(response.status);
  expect(Number(response.headers.get('retry-after') ?? 0)).toBeLessThanOrEqual(60);
});
