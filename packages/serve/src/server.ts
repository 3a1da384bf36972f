/** A generator behind an address, from start to close. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Device } from '@ganport/runtime/node';
import { type LoadedGenerator, loadGenerator, type ModelFile } from '@ganport/sample/node';
import { createAdmission, LIMITS, type Limits } from './admission.ts';
import { createApp } from './app.ts';
import { answerClientError } from './client-error.ts';
import { ServeError } from './error.ts';
import { inTurn } from './in-turn.ts';
import { listen } from './listen.ts';
import type { ModelSource } from './model-files.ts';
import { createPolling } from './polling.ts';
import {
  createRegistry,
  type ModelEvent,
  type Models,
  oneModel,
  type Registry,
} from './registry.ts';
import { readHeads } from './request-head.ts';
import { createService } from './service.ts';
import { warm } from './warm.ts';

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
  /**
   * A generator.onnx, its run folder, or a folder of versions, by its path, by a name and a path, or read; the first of
   * several is the default.
   */
  model: Given | readonly Given[];
  device?: Device | 'auto';
  /** For loading a generator, 120 s by default. */
  timeLimitMs?: number;
  /** Most pictures of one run, and how long one that is not full waits for more: 64, and not at all. */
  maxBatch?: number;
  maxDelayMs?: number;
  /** How often the files are looked at for new versions: a file is taken at the second look that finds it the same. 0 is never, the default. */
  pollMs?: number;
  /** Is told what becomes of versions. */
  onModel?: (event: ModelEvent) => void;
}

type Given = string | ModelFile | ModelSource;

export interface RunningServer {
  url: string;
  /** What draws the default model. */
  device: LoadedGenerator['device'];
  /** Why that device. */
  why: string;
  /**
   * Refuses new pictures, finishes those that were asked for, within the grace, answers 503 to the rest,
   * and closes the generators.
   */
  close(): Promise<void>;
}

/** One that loads its models itself. */
export interface ModelServer extends RunningServer {
  models: Registry;
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
 * Listens, loads the generators, and resolves when all are served; until then it answers that it lives, and that it starts.
 * @throws ServeError if the page or the address cannot be had; what `loadGenerator` throws if a model
 */
export async function startServer({
  model,
  device,
  timeLimitMs,
  maxBatch,
  maxDelayMs,
  pollMs = 0,
  onModel,
  ...serving
}: ServerOptions): Promise<ModelServer> {
  const { pageDir = PAGE_DIR } = serving;
  if (!existsSync(pageDir)) {
    throw new ServeError(`the page is not built: ${pageDir} is missing; run \`pnpm build\``);
  }
  const models = createRegistry({
    sources: [model].flat().map(sourceOf),
    admission: createAdmission(serving),
    onEvent: onModel,
    load: async (file) =>
      warm(await loadGenerator(file, { device, timeLimitMs, maxBatch, maxDelayMs })),
  });
  const listening = await listenFor(models, serving);
  const polling = createPolling(() => models.refresh({ settled: true }), pollMs);
  const close = async () => {
    polling.stop();
    await listening.close();
    await models.close();
  };
  try {
    await models.start();
  } catch (error) {
    await close();
    throw error;
  }
  polling.start();
  const { generator } = models.find();
  return { url: listening.url, device: generator.device, why: generator.why, models, close };
}

function sourceOf(given: Given): ModelSource {
  return typeof given === 'string' || 'bytes' in given ? { model: given } : given;
}

/**
 * Serves a generator, which is closed with the server.
 * @throws ServeError if the address cannot be had
 */
export async function serveGenerator(
  generator: LoadedGenerator,
  serving: ServingOptions = {},
): Promise<RunningServer> {
  const models = oneModel(createService(generator, { admission: createAdmission(serving) }));
  const { url, close } = await listenFor(models, serving);
  return {
    ...{ url, device: generator.device, why: generator.why },
    async close() {
      await close();
      await generator.sampler.close();
    },
  };
}

/** @returns its close, which leaves the models open */
async function listenFor(
  models: Models,
  {
    host = '127.0.0.1',
    port = 3000,
    graceMs = GRACE_MS,
    pageDir = PAGE_DIR,
    deadlineMs = LIMITS.deadlineMs,
  }: ServingOptions,
): Promise<Pick<RunningServer, 'url' | 'close'>> {
  const { admission } = models;
  const app = createApp({ models, pageDir });
  const open = createTally();
  const handle = readHeads(app);
  const server = createServer(
    inTurn((request, response) => {
      open.enter();
      response.once('close', open.leave);
      // Its client is to ask another server next.
      if (admission.draining) response.setHeader('Connection', 'close');
      handle(request, response);
    }),
  );
  server.on('clientError', answerClientError);
  server.maxConnections = MAX_CONNECTIONS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  // A socket on which nothing moves: one that waits for its pictures does so no longer than the deadline.
  server.timeout = deadlineMs + STALLED_MS;
  await listen(server, host, port);
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/`,
    async close() {
      admission.drain();
      await open.untilEmpty(graceMs);
      admission.cutOff();
      await open.untilEmpty(FAREWELL_MS);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
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
