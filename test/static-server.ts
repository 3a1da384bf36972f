/** Static files as any host serves them, under a sub-path and a policy. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A folder's files, or one given; what is a function answers itself. */
export type Served = string | Uint8Array;

export interface StaticServer {
  /** Of the folder at `/deep/er/`, ending in a slash. */
  url: string;
  /** Paths that were asked for since the start, in order. */
  asked: string[];
  /** Headers of every answer. */
  headers: Record<string, string>;
  close(): Promise<void>;
}

/**
 * Serves files by their path under /deep/er/: folders by a path that ends in a slash ('' for the root), and contents.
 */
export async function serveStatic(files: Readonly<Record<string, Served>>): Promise<StaticServer> {
  const asked: string[] = [];
  const headers: Record<string, string> = {};
  const find = async (path: string): Promise<Uint8Array | undefined> => {
    const exact = files[path];
    if (exact instanceof Uint8Array) return exact;
    for (const [prefix, folder] of Object.entries(files)) {
      if (typeof folder !== 'string' || !path.startsWith(prefix)) continue;
      const file = join(folder, normalize(path.slice(prefix.length)));
      const found = await readFile(file).catch(() => undefined);
      if (found) return found;
    }
    return undefined;
  };
  const server = createServer(async ({ url = '' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://a').pathname);
    asked.push(path);
    const name = path.replace(/^\/deep\/er\//, '') || 'index.html';
    const body = path.startsWith('/deep/er/') ? await find(name) : undefined;
    for (const [key, value] of Object.entries(headers)) response.setHeader(key, value);
    response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
    response.statusCode = body ? 200 : 404;
    response.end(body ?? 'there is nothing here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/deep/er/`,
    asked,
    headers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
