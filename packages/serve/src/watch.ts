/** A page that follows something while it goes on: files, events pushed to it, and pictures. For this machine alone. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { quote } from '@ganport/model';
import express, { type Express, type Response } from 'express';
import * as z from 'zod';
import { answerClientError } from './client-error.ts';
import { answerError, HttpError } from './http-error.ts';
import { listen } from './listen.ts';
import { parseRequest, spelled } from './parameters.ts';
import { createRouter } from './router.ts';

export interface Watched {
  /** The page's files by path, and what each is: `html`, `css`, `js`. */
  files: Readonly<Record<string, { type: string; text: string }>>;
  /** What the page is to show now: sent whenever it is another. */
  update(): Promise<unknown>;
  /** The PNG of a step, if there is one. */
  picture(step: number): Promise<Uint8Array | undefined>;
  /** The generator.onnx of a step, if there is one. */
  generator?(step: number): Promise<Uint8Array | undefined>;
}

export interface Watch {
  url: string;
  /** Sends how things stand at the end, waits until pages have fetched what it tells of, and stops listening. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** For pages that fetch what the last event told them of, and leave. */
const LEAVE_WITHIN_MS = 2000;
/** For answers under way as it closes. */
const CLOSE_GRACE_MS = 2000;
/** Between two looks; there are none while nobody watches. */
const LOOK_EVERY_MS = 1000;

const STEP = z.object({ step: spelled(0, Number.MAX_SAFE_INTEGER) });

/** Names of this machine: a page from elsewhere that resolves its own name to it, to read what it serves, has another. */
const OWN_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

interface WatchOptions {
  /** 0 takes any free one. */
  port: number;
  /** What a person names another port with. */
  flag: string;
}

/**
 * Serves it at 127.0.0.1.
 * @throws ServeError if the port cannot be had
 */
export async function startWatch(watched: Watched, { port, flag }: WatchOptions): Promise<Watch> {
  const pushes = createPushes(watched.update);
  const server = createServer(createWatchApp(watched, pushes.join));
  server.on('clientError', answerClientError);
  await listen(server, HOST, port, flag);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${bound}/`,
    async close() {
      await pushes.close();
      const closed = once(server, 'close');
      server.close();
      const grace = globalThis.setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await closed;
      clearTimeout(grace);
    },
  };
}

function createWatchApp(
  { files, picture, generator }: Watched,
  join: (response: Response) => void,
): Express {
  const app = express();
  app.disable('x-powered-by').enable('case sensitive routing');
  app.use((request, response, next) => {
    response.set(HEADERS);
    expectOwnHost(request.headers.host);
    if (request.method !== 'GET') {
      response.set('Allow', 'GET');
      throw new HttpError(405, `expected GET, got ${request.method}`);
    }
    next();
  });
  const router = createRouter();
  for (const [path, { type, text }] of Object.entries(files)) {
    router.get(path, (_request, response) => response.type(type).send(text));
  }
  router.get('/events', (_request, response) => join(response));
  router.get('/pictures/:step.png', async (request, response) => {
    const { step } = parseRequest(STEP, request.params);
    const png = await picture(step);
    if (!png) throw new HttpError(404, `there is no picture of step ${step}`);
    response.type('png').send(png);
  });
  router.get('/generators/:step.onnx', async (request, response) => {
    const { step } = parseRequest(STEP, request.params);
    const model = await generator?.(step);
    if (!model) throw new HttpError(404, `there is no generator of step ${step}`);
    response.type('application/octet-stream').send(Buffer.from(model));
  });
  app.use(router);
  app.use((request) => {
    throw new HttpError(404, `there is nothing at ${quote(request.path)}`);
  });
  app.use(answerError);
  return app;
}

/** @throws HttpError 400 */
function expectOwnHost(host: string | undefined): void {
  if (host !== undefined && OWN_HOST.test(host)) return;
  throw new HttpError(400, `Host: expected ${HOST} or localhost, got ${quote(host)}`);
}

interface Pushes {
  /** Sends events to a client, from how things stand now on, until it leaves. */
  join(client: Response): void;
  /** Sends the last ones, and `end`: a client that has all it wants then leaves, and is waited for a while. */
  close(): Promise<void>;
}

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
function createPushes(update: () => Promise<unknown>): Pushes {
  /** Each with the last event that it was sent. */
  const clients = new Map<Response, string | undefined>();
  const ending = new AbortController();
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const event = `event: update\ndata: ${JSON.stringify(await update())}\n\n`;
    for (const [client, sent] of clients) {
      // To one that has not taken what it was sent goes what is new when it has, not all between.
      if (sent === event || client.writableNeedDrain) continue;
      clients.set(client, event);
      client.write(event);
    }
  };
  const lookOn = async (): Promise<void> => {
    while (clients.size > 0 && !ending.signal.aborted) {
      await look();
      await setTimeout(LOOK_EVERY_MS, undefined, ending).catch(() => {});
    }
  };
  /** What is watched goes on, whatever becomes of those who watch. */
  const giveUp = (error: unknown): void => {
    console.error(error);
    for (const client of clients.keys()) client.end();
    clients.clear();
  };
  const start = (): void => {
    looking ??= lookOn()
      .catch(giveUp)
      .finally(() => {
        looking = undefined;
        // One who came as the last one had left.
        if (clients.size > 0 && !ending.signal.aborted) start();
      });
  };
  return {
    join(client) {
      // To one that comes back as it ends, this server is gone.
      if (ending.signal.aborted) return client.destroy();
      client.set('Content-Type', 'text/event-stream').flushHeaders();
      clients.set(client, undefined);
      client.once('close', () => clients.delete(client));
      start();
    },
    async close() {
      ending.abort();
      await looking;
      if (clients.size > 0) await look().catch(giveUp);
      const signal = AbortSignal.timeout(LEAVE_WITHIN_MS);
      const leaving = [...clients.keys()].map((client) => {
        client.write('event: end\ndata: null\n\n');
        return once(client, 'close', { signal });
      });
      await Promise.allSettled(leaving);
      for (const client of clients.keys()) client.end();
    },
  };
}
