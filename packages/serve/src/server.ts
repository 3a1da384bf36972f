/** A generator behind an address, from start to close. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { firstLine } from '@ganport/onnx';
import type { Device } from '@ganport/runtime/node';
import {
  type LoadedGenerator,
  loadGenerator,
  type ModelFile,
  TIME_LIMIT_MS,
} from '@ganport/sample/node';
import { createApp } from './app.ts';
import { ServeError } from './error.ts';
import { errorBody } from './http-error.ts';

export interface ServerOptions {
  /** A generator.onnx, or its path. */
  model: string | ModelFile;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  device?: Device | 'auto';
  /** For loading the generator, 120 s by default. */
  timeLimitMs?: number;
  /** Folder of the built page. */
  pageDir?: string;
}

export interface RunningServer {
  url: string;
  device: LoadedGenerator['device'];
  /** Why that device. */
  why: string;
  /** Stops listening, lets running answers end, and closes the generator. */
  close(): Promise<void>;
}

/** Answers that a slow client has not taken by then are cut off. */
const CLOSE_GRACE_MS = 2_000;

const PAGE_DIR = fileURLToPath(new URL('../dist/page/', import.meta.url));

/**
 * Loads a generator and serves it; resolves when it answers.
 * @throws ServeError if the page or the address cannot be had; what `loadGenerator` throws if the model
 */
export async function startServer({
  model,
  host = '127.0.0.1',
  port = 3000,
  device = 'auto',
  timeLimitMs = TIME_LIMIT_MS,
  pageDir = PAGE_DIR,
}: ServerOptions): Promise<RunningServer> {
  if (!existsSync(pageDir)) {
    throw new ServeError(`the page is not built: ${pageDir} is missing; run \`pnpm build\``);
  }
  const generator = await loadGenerator(model, { device, timeLimitMs });
  const server = createServer(createApp({ generator, pageDir }));
  server.on('clientError', answerClientError);
  try {
    await listen(server, host, port);
  } catch (error) {
    await generator.sampler.close();
    throw error;
  }
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`,
    device: generator.device,
    why: generator.why,
    async close() {
      await end(server);
      await generator.sampler.close();
    },
  };
}

/** For what takes long before it serves. @throws ServeError if the address cannot be had. */
export async function expectFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await end(server);
}

export async function listen(
  server: Server,
  host: string,
  port: number,
  flag = '--port',
): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const reasons: Record<string, string> = {
      EADDRINUSE: `port ${port} of ${host} is in use: stop what uses it, or choose another with ${flag}`,
      EACCES: `port ${port} needs privileges: choose one above 1023 with ${flag}`,
      EADDRNOTAVAIL: `this machine has no address ${host}: choose another with --host`,
      ENOTFOUND: `there is no host ${host}: choose another with --host`,
    };
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    throw new ServeError(reason ?? `cannot listen on ${host}:${port}: ${firstLine(error)}`);
  }
}

export async function end(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(grace);
}

/** Answers what is not HTTP, which never reaches the application. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return;
  const body = JSON.stringify(errorBody(400, `not an HTTP request: ${error.message}`));
  socket.end(
    [
      `HTTP/1.1 400 ${STATUS_CODES[400]}`,
      'Content-Type: application/json',
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
