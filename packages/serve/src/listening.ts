/** An address that answers for some models, from its first connection to its last. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Limits } from './admission.ts';
import { type AppOptions, createApp } from './app.ts';
import { passArrivals } from './arrivals.ts';
import { answerClientError } from './client-error.ts';
import { type ConnectionLimits, HTTP_OPTIONS, limitConnections } from './connections.ts';
import { answerDirectly } from './direct.ts';
import { inTurn } from './in-turn.ts';
import { listen } from './listen.ts';
import { createMetrics } from './metrics.ts';
import type { Models } from './registry.ts';
import { readHeads, refuseExpectation } from './request-head.ts';
import { CONNECTIONS, GRACE_MS } from './settings.ts';
import { shed } from './shed.ts';

export interface ServingOptions extends Partial<Limits>, Omit<AppOptions, 'models' | 'metrics'> {
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** For what was asked for before the end, 10 s by default. */
  graceMs?: number;
  /** Instead of `CONNECTIONS`, any of them. */
  limits?: Partial<ConnectionLimits>;
}

/** For what clients sent before they could know. */
const LINGER_MS = 250;
/** For clients to take the answers that are left after the grace. */
const FAREWELL_MS = 1_000;

const LOOPBACK = '127.0.0.1';
const isLoopback = (host: string) => /^(127\.[\d.]+|::1|localhost)$/.test(host);

export interface Listening {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves models, which its close leaves open.
 * @throws ServeError if the address cannot be had
 */
export async function listenFor(
  models: Models,
  {
    host = LOOPBACK,
    port = 3000,
    graceMs = GRACE_MS,
    // A page of another site may have its own name lead here.
    allowedHosts = isLoopback(host) ? [] : undefined,
    limits = {},
    metrics = createMetrics(models),
    ...options
  }: ServingOptions & Pick<AppOptions, 'metrics'>,
): Promise<Listening> {
  const { admission } = models;
  const app = createApp({ models, allowedHosts, metrics, ...options });
  const { log, tracing, trustProxy, ratePerMinute } = options;
  // Only the application keeps spans and rates, and knows whom a proxy asks for.
  const handle =
    tracing || trustProxy || ratePerMinute !== undefined
      ? app
      : answerDirectly(app, { models, allowedHosts, metrics, ...options });
  const open = createTally();
  const byAddress = !options.apiKeys && !trustProxy;
  const shedding = shed(readHeads(handle), { admission, metrics, log, byAddress });
  const guarded = passArrivals(shedding, { metrics, log });
  // Node would refuse who names no host without a word.
  const server = createServer({ ...HTTP_OPTIONS, requireHostHeader: false });
  const arrive = limitConnections(server, {
    ...CONNECTIONS,
    ...limits,
    // All who come through a proxy have its address.
    ...(trustProxy ? { maxPerAddress: Number.POSITIVE_INFINITY } : {}),
  });
  server.on(
    'request',
    inTurn((request, response) => {
      arrive(request, response);
      open.enter();
      response.once('close', open.leave);
      // Its client is to ask another server next.
      if (admission.draining) response.setHeader('Connection', 'close');
      guarded(request, response);
    }),
  );
  server.on('checkExpectation', refuseExpectation);
  server.on('clientError', answerClientError);
  await listen(server, host, port);
  return {
    url: urlOf(server),
    async close() {
      admission.drain();
      // Requests that are on their way, on connections that were kept, are still answered.
      await setTimeout(Math.min(LINGER_MS, graceMs));
      await open.untilEmpty(graceMs);
      admission.cutOff();
      await open.untilEmpty(FAREWELL_MS);
      await end(server);
    },
  };
}

/** To this machine alone. @throws ServeError if the port cannot be had */
export async function listenHere(
  app: RequestListener,
  port: number,
  flag: string,
): Promise<Listening> {
  const server = createServer(HTTP_OPTIONS, app);
  server.on('clientError', answerClientError);
  await listen(server, LOOPBACK, port, flag);
  return { url: urlOf(server), close: () => end(server) };
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
}

async function end(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
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
        const timer = globalThis.setTimeout(resolve, limitMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
