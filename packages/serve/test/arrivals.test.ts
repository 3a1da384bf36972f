/** Clients that have left by the time their connections are accepted. */
import { spawnSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { type RunningServer, serveGenerator } from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const servers: RunningServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** Asks on eight connections, and leaves. */
const LEAVES = `
const { connect } = require('node:net');
for (let i = 0; i < 8; i += 1) {
  const socket = connect(process.argv[1], '127.0.0.1', () => {
    socket.write('GET /v1/images/' + i + '?format=raw HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n', () => socket.destroy());
  });
}`;

test('what clients ask for that have left while they waited to be accepted is not begun', async () => {
  const slow = await slowGenerator();
  const server = await serveGenerator(slow.generator, {
    ...{ port: 0, pageDir: '/nowhere', graceMs: 0 },
  });
  servers.push(server);
  // The event loop stands meanwhile: nothing is accepted.
  const { status } = spawnSync(process.execPath, ['-e', LEAVES, new URL(server.url).port]);
  expect(status).toBe(0);
  const served = fetch(new URL('/v1/images/9?format=raw', server.url));
  await slow.begun(1);
  slow.runs[0]!.finish();
  expect((await served).status).toBe(200);
  expect(slow.runs).toHaveLength(1);
  const metrics = await (await fetch(new URL('/metrics', server.url))).text();
  expect(metrics).toContain('ganport_request_seconds_count{code="499"} 8');
});
