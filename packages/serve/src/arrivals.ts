/** Who has left before it was their turn. */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { type Log, logEarly } from './log.ts';
import type { Metrics } from './metrics.ts';
import { requestId } from './request-id.ts';

/** Addresses of which an answer is worth a look whether anybody waits for it. */
const DRAWS = /\/(?:images|sample|interpolate|infer)(?:[/?]|$)/;

/**
 * Hands on requests; the first of a connection that asks for pictures two turns of the event loop later. A client may have left
 * while its connection stood in the queue of those that come, and its leaving is read after its request: without that, what
 * dozens have abandoned would be begun one after the other, in front of who comes next. node:http takes who ends only one side
 * for one who has left, and so does this.
 */
export function passArrivals(
  handle: RequestListener,
  { metrics, log }: { metrics: Pick<Metrics, 'early'>; log?: Log | undefined },
): RequestListener {
  const known = new WeakSet<Socket>();
  return (request, response) => {
    const { socket, url = '/' } = request;
    if (known.has(socket) || !DRAWS.test(url)) return handle(request, response);
    known.add(socket);
    setImmediate(() =>
      setImmediate(() => {
        if (socket.writable) return handle(request, response);
        metrics.early(499);
        if (log) logEarly(log, { request, id: requestId(request), status: 499 });
      }),
    );
  };
}
