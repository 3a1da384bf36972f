/** The application over a sampler whose draws the test ends. */
import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Images, readGeneratorMetadata } from '@ganport/model';
import type { SampleOptions } from '@ganport/sample';
import { afterEach, expect, test, vi } from 'vitest';
import { buildGenerator, NO_RUNS } from '../../sample/test/fixture.ts';
import { createApp, createService, oneModel } from '../src/index.ts';

const servers: Server[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** Serves pictures of 8192 × 64 pixels that `draw` gives. @returns the address of seed 1 */
async function serve(draw: (options: SampleOptions) => Promise<Images>): Promise<string> {
  const { model } = buildGenerator({
    alter: (metadata) => ({ ...metadata, image: { ...metadata.image, width: 8192, height: 64 } }),
  });
  const generator = {
    sampler: {
      metadata: readGeneratorMetadata(model),
      description: 'onnxruntime 1.30.0 on the CPU',
      stats: NO_RUNS,
      sample: draw,
      walk: () => Promise.reject(new Error('nobody asks for one')),
      draw: () => Promise.reject(new Error('nobody gives latents')),
      close: async () => {},
    },
    device: 'cpu',
    why: 'it was asked for',
    file: model,
    sha256: '0'.repeat(64),
  } as const;
  const server = createServer(
    createApp({ models: oneModel(createService(generator)), pageDir: '/nowhere' }),
  ).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/images/1`;
}

const black = ({ count = 1 }: SampleOptions): Images => ({
  count,
  height: 64,
  width: 8192,
  channels: 1,
  data: new Uint8Array(count * 64 * 8192),
});

test.each(['/0.png', '?count=9'])(
  'nobody draws %s any longer once the client has left',
  async (path) => {
    const complaints = vi.spyOn(console, 'error');
    let signal: AbortSignal | undefined;
    let drawing = () => {};
    const asked = new Promise<void>((resolve) => {
      drawing = resolve;
    });
    const url = await serve((options) => {
      signal = options.signal;
      drawing();
      return new Promise((_, reject) => {
        signal!.addEventListener('abort', () => reject(signal!.reason));
      });
    });
    const request = get(url + path);
    request.on('error', () => {});
    await asked;
    expect(signal!.aborted).toBe(false);
    request.destroy();
    if (!signal!.aborted) await once(signal!, 'abort');
    expect(signal!.reason).toEqual(new Error('the client has left'));
    // It is nobody's fault.
    expect(complaints).not.toHaveBeenCalled();
  },
);

test('a grid that PNG cannot hold is the client’s to mend, with the remedy', async () => {
  const url = await serve(async (options) => black(options));
  const response = await fetch(`${url}?count=9`);
  expect(response.status).toBe(400);
  expect((await response.json()).error.message).toMatch(
    /^a grid of 24576 × 192 pixels is too large for png .*raw$/,
  );
  expect((await fetch(`${url}?count=9&format=raw`)).status).toBe(200);
});

test('what the machine has no room for is a 503', async () => {
  const url = await serve(async () => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  });
  const response = await fetch(url);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect((await response.json()).error.message).toBe('too many files are open');
});

test('a draw that fails is logged, and answered without details', async () => {
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
  const url = await serve(async () => {
    throw new Error('out of memory on device 0');
  });
  const response = await fetch(url);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    error: {
      code: 'internal',
      message: 'the server failed',
      request_id: response.headers.get('x-request-id'),
    },
  });
  expect(complaints).toHaveBeenCalledOnce();
});
