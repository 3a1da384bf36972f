/** What one client may hold of a server's connections, and for how long. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** More are turned away; each costs some kilobytes, and a file descriptor of the usual thousands. */
  maxConnections: number;
  /** Of them, those of one address. */
  maxPerAddress: number;
  /** For a client to go on reading its answer, or to ask again. */
  stalledMs: number;
  /** For the head of a request, and for all of it. */
  headersMs: number;
  requestMs: number;
}

/** After these a connection is to be opened anew, so that those of many clients even out over several servers. */
const MAX_REQUESTS = 100_000;
const MAX_HEADER_BYTES = 2 ** 14;
/** How often it is looked whether they are over; Node's half a minute would be the limit. */
const CHECK_MS = 1_000;

export const HTTP_OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  connectionsCheckingInterval: CHECK_MS,
} as const;

/** @returns to be told of each request as it comes */
export function limitConnections(
  server: Server,
  { maxConnections, maxPerAddress, stalledMs, headersMs, requestMs }: ConnectionLimits,
): (request: IncomingMessage, response: ServerResponse) => void {
  const perAddress = new Map<string, number>();
  const asking = new WeakMap<Socket, number>();
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = MAX_REQUESTS;
  server.timeout = stalledMs;
  server.headersTimeout = headersMs;
  server.requestTimeout = requestMs;

  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (perAddress.get(address) ?? 0) + 1;
    perAddress.set(address, count);
    socket.once('close', () => {
      const left = perAddress.get(address)! - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    if (count > maxPerAddress) socket.destroy();
  });

  // Nothing has moved on it for that long; Node sees parts of an answer being taken.
  server.on('timeout', (socket) => {
    const waits = (asking.get(socket) ?? 0) > 0 && socket.writableLength === 0;
    // Its pictures are still to be drawn, for which there is a deadline.
    if (waits) socket.setTimeout(stalledMs);
    else socket.destroy();
  });

  return ({ socket }, response) => {
    asking.set(socket, (asking.get(socket) ?? 0) + 1);
    response.once('close', () => asking.set(socket, asking.get(socket)! - 1));
  };
}
