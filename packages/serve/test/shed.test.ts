/** Refusals while all the room is taken, which the application does not see. */
import { afterEach, expect, test } from 'vitest';
import { createGate } from '../src/gate.ts';
import { type RunningServer, serveGenerator } from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const servers: RunningServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

test('once one was refused, others are until there is room, with the same answer and count', async () => {
  const slow = await slowGenerator();
  const server = await serveGenerator(slow.generator, {
    ...{ port: 0, pageDir: '/nowhere', graceMs: 0, maxQueue: 10, maxShare: 1 },
  });
  servers.push(server);
  const get = (path: string, headers = {}) => fetch(new URL(path, server.url), { headers });
  const raw = '/v1/images/2?count=1&format=raw';
  const inside = get('/v1/images/1?count=10&format=raw');
  await slow.begun(1);
  const first = await get(raw);
  const later = await get(raw, { 'X-Request-Id': 'mine' });
  // Only what the application answers has its headers.
  expect([first, later].map(({ headers }) => headers.has('content-security-policy'))).toEqual([
    true,
    false,
  ]);
  expect(later.status).toBe(429);
  expect(later.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
  expect(await later.json()).toEqual({
    error: {
      code: 'too_many_requests',
      message: '10 pictures wait already: ask again later',
      request_id: 'mine',
    },
  });
  // What may be kept, what a page asks for, and what draws nothing comes through.
  for (const path of ['/v1/images/2/0.png', '/v1/model', '/models/fixture/v1/model', '/livez']) {
    expect((await get(path)).headers.has('content-security-policy'), path).toBe(true);
  }
  const origin = { Origin: 'https://example.com' };
  expect((await get(raw, origin)).headers.has('content-security-policy')).toBe(true);
  for (const path of ['/models/fixture', '/models/fixture/versions/1']) {
    const below = await get(`${path}${raw}`);
    expect([below.status, below.headers.has('content-security-policy')]).toEqual([429, false]);
  }
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toContain('ganport_request_seconds_count{code="429"} 3');
  slow.runs[0]!.finish();
  expect((await inside).status).toBe(200);
  const served = get(raw);
  await slow.begun(2);
  slow.runs[1]!.finish();
  expect((await served).status).toBe(200);
});

test('a gate overflows until a tenth is free, and those who read slowly make room then too', () => {
  let slow = 0;
  const leave: (() => void)[] = [];
  const gate = createGate({ pictures: 20, bytes: 1000 }, 1, () => {
    if (slow === 0) return 500;
    slow -= 1;
    leave.pop()!();
    return 0;
  });
  const one = { pictures: 1, bytes: 1 };
  for (let i = 0; i < 20; i++) leave.push(gate.enter(one, `${i}`));
  // Nobody was refused yet.
  expect(gate.overflow()).toBeUndefined();
  expect(() => gate.enter(one, 'late')).toThrow('20 pictures wait already: ask again later');
  leave.pop()!();
  expect(gate.overflow()?.message).toBe('19 pictures wait already: ask again later');
  slow = 1;
  expect(gate.overflow()).toBeUndefined();
  expect(gate.inside.pictures).toBe(18);
  leave.push(gate.enter(one, 'late'), gate.enter(one, 'late'));
  expect(gate.overflow()).toBeUndefined();
});

test('a client whose share is taken overflows alone, by its name', () => {
  const gate = createGate({ pictures: 40, bytes: 1000 }, 0.5);
  const one = { pictures: 1, bytes: 1 };
  const leave = Array.from({ length: 20 }, () => gate.enter(one, 'greedy'));
  expect(gate.overflow('greedy')).toBeUndefined();
  expect(() => gate.enter(one, 'greedy')).toThrow('20 pictures of yours wait already');
  expect(gate.overflow('greedy')?.message).toBe(
    '20 pictures of yours wait already: ask again later',
  );
  expect([gate.overflow(), gate.overflow('other')]).toEqual([undefined, undefined]);
  leave.pop()!();
  expect(gate.overflow('greedy')).toBeDefined();
  leave.pop()!();
  expect(gate.overflow('greedy')).toBeUndefined();
  for (const end of leave) end();
  gate.enter({ pictures: 20, bytes: 1 }, 'greedy');
  // It is told so anew.
  expect(gate.overflow('greedy')).toBeUndefined();
});
