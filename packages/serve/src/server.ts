/** A generator behind an address, from start to close. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Device } from '@ganport/runtime/node';
import { type LoadedGenerator, loadGenerator, type ModelFile } from '@ganport/sample/node';
import { createApp } from './app.ts';
import { answerClientError } from './client-error.ts';
import { ServeError } from './error.ts';
import { inTurn } from './in-turn.ts';
import { listen } from './listen.ts';
import { createService, LIMITS, type Limits } from './service.ts';

export interface ServingOptions extends Partial<Limits> {
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** For what was asked for before the end, 10 s by default. */
  graceMs?: number;
  /** Folder of the built page. */
  pageDir?: string;
}

export interface ServerOptions extends ServingOptions {
  /** A generator.onnx, or its path. */
  model: string | ModelFile;
  device?: Device | 'auto';
  /** For loading the generator, 120 s by default. */
  timeLimitMs?: number;
  /** Most pictures of one run, and how long one that is not full waits for more: 64, and not at all. */
  maxBatch?: number;
  maxDelayMs?: number;
}

export interface RunningServer {
  url: string;
  device: LoadedGenerator['device'];
  /** Why that device. */
  why: string;
  /**
   * Refuses new pictures, finishes those that were asked for, within the grace, answers 503 to the rest,
   * and closes the generator.
   */
  close(): Promise<void>;
}

/** Of `ServingOptions`. Container hosts wait for half a minute, systemd for longer. */
export const GRACE_MS = 10_000;
/** For clients to take the answers that are left after the grace. */
const FAREWELL_MS = 1_000;

/** More are turned away; each costs some kilobytes, and a file descriptor of the usual thousands. */
const MAX_CONNECTIONS = 2048;
/** For the head of a request, for all of it, and for a client to go on reading its answer. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const STALLED_MS = 15_000;

const PAGE_DIR = fileURLToPath(new URL('../dist/page/', import.meta.url));

/**
 * Loads a generator and serves it; resolves when it answers.
 * @throws ServeError if the page or the address cannot be had; what `loadGenerator` throws if the model
 */
export async function startServer({
  model,
  device,
  timeLimitMs,
  maxBatch,
  maxDelayMs,
  ...serving
}: ServerOptions): Promise<RunningServer> {
  const { pageDir = PAGE_DIR } = serving;
  if (!existsSync(pageDir)) {
    throw new ServeError(`the page is not built: ${pageDir} is missing; run \`pnpm build\``);
  }
  const generator = await loadGenerator(model, { device, timeLimitMs, maxBatch, maxDelayMs });
  try {
    return await serveGenerator(generator, serving);
  } catch (error) {
    await generator.sampler.close();
    throw error;
  }
}

/**
 * Serves a generator, which is closed with the server.
 * @throws ServeError if the address cannot be had
 */
export async function serveGenerator(
  generator: LoadedGenerator,
  {
    host = '127.0.0.1',
    port = 3000,
    graceMs = GRACE_MS,
    pageDir = PAGE_DIR,
    ...limits
  }: ServingOptions = {},
): Promise<RunningServer> {
  const service = createService(generator, limits);
  const app = createApp({ service, pageDir });
  const open = createTally();
  const server = createServer(
    inTurn((request, response) => {
      open.enter();
      response.once('close', open.leave);
      // Its client is to ask another server next.
      if (service.draining) response.setHeader('Connection', 'close');
      app(request, response);
    }),
  );
  server.on('clientError', answerClientError);
  server.maxConnections = MAX_CONNECTIONS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  // A socket on which nothing moves: one that waits for its pictures does so no longer than the deadline.
  server.timeout = (limits.deadlineMs ?? LIMITS.deadlineMs) + STALLED_MS;
  await listen(server, host, port);
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`,
    device: generator.device,
    why: generator.why,
    async close() {
      service.drain();
      await open.untilEmpty(graceMs);
      service.cutOff();
      await open.untilEmpty(FAREWELL_MS);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await generator.sampler.close();
    },
  };
}

/** Counts answers that have not ended. */
function createTally() {
  let count = 0;
  let onEmpty = () => {};
  return {
    enter() {
      count += 1;
    },
    leave() {
      count -= 1;
      if (count === 0) onEmpty();
    },
    async untilEmpty(limitMs: number): Promise<void> {
      if (count === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
