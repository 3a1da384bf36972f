/** The page at an address of this machine: nothing but files. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ModelError } from '@ganport/model';
import express from 'express';
import { PAGE_FOLDER } from './page-folder.ts';

export interface ServedPage {
  url: string;
  close(): Promise<void>;
}

export interface ServePageOptions {
  /** 0 takes any free one. */
  port: number;
  /** Where the built page is. */
  folder?: string;
}

/** Browsers give storage and WebGPU only to what comes over https, or from here. */
const HOST = '127.0.0.1';

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Both isolate the page, which then has WebAssembly's threads.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Serves the page at 127.0.0.1.
 * @throws ModelError if the page is not built, or the port cannot be had
 */
export async function servePage({
  port,
  folder = PAGE_FOLDER,
}: ServePageOptions): Promise<ServedPage> {
  expectPage(folder);
  const app = express();
  app.disable('x-powered-by').use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  app.use(express.static(folder, { redirect: false }));
  app.use((_request, response) => {
    response.status(404).type('text').send('There is nothing here: the page is at /\n');
  });
  const server = createServer(app);
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const taken = code === 'EADDRINUSE';
    const why = taken ? 'it is in use: stop what uses it, or choose another with --port' : message;
    throw new ModelError(`cannot listen on port ${port} of ${HOST}: ${why}`, { cause: error });
  }
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${bound}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @throws ModelError if the page is not built */
export function expectPage(folder = PAGE_FOLDER): void {
  if (existsSync(folder)) return;
  throw new ModelError(`the page is not built: ${folder} is missing; run \`pnpm build\``);
}
