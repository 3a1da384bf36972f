/** Files as a host of static ones serves them: gzipped, and kept by browsers. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

export type Kind = 'page' | 'script' | 'runtime' | 'model';

const TYPES: Record<string, { kind: Kind; type: string; gzip: boolean }> = {
  '.html': { kind: 'page', type: 'text/html', gzip: true },
  '.js': { kind: 'script', type: 'text/javascript', gzip: true },
  '.mjs': { kind: 'script', type: 'text/javascript', gzip: true },
  '.wasm': { kind: 'runtime', type: 'application/wasm', gzip: true },
  '.json': { kind: 'model', type: 'application/json', gzip: true },
  // Weights, which are no smaller for it: hosts leave such files alone.
  '.onnx': { kind: 'model', type: 'application/octet-stream', gzip: false },
  '.bin': { kind: 'model', type: 'application/octet-stream', gzip: false },
};

export interface CountingServer {
  /** Ends in a slash. */
  url: string;
  /** Bytes of bodies, as they were sent, since the last call. */
  take(): Record<Kind, number>;
  close(): Promise<void>;
}

/** Serves a folder on a free port of this machine; pages whose address has "threads" are cross-origin isolated. */
export async function serveCounted(folder: string): Promise<CountingServer> {
  const files = new Map<string, Buffer>();
  const none = () => ({ page: 0, script: 0, runtime: 0, model: 0 });
  let sent = none();
  const read = async (name: string, gzip: boolean) => {
    const known = files.get(name);
    if (known) return known;
    const plain = await readFile(join(folder, normalize(`/${name}`)));
    const body = gzip ? gzipSync(plain) : plain;
    files.set(name, body);
    return body;
  };
  const server = createServer(async ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const known = TYPES[extname(pathname)];
    const body = known && (await read(pathname.slice(1), known.gzip).catch(() => undefined));
    if (!body) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`no ${pathname}`);
      return;
    }
    sent[known.kind] += body.length;
    response.writeHead(200, {
      'content-type': known.type,
      'content-length': body.length,
      ...(known.gzip && { 'content-encoding': 'gzip' }),
      'cache-control': known.kind === 'page' ? 'no-cache' : 'max-age=31536000',
      // Such a page gets a process of its own when its headers have come, which takes a while: only those that need it.
      ...(searchParams.has('threads') && { 'cross-origin-opener-policy': 'same-origin' }),
      ...((searchParams.has('threads') || known.kind === 'script') && {
        'cross-origin-embedder-policy': 'require-corp',
      }),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    take() {
      const taken = sent;
      sent = none();
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
