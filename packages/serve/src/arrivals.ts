/** Who has left before it was their turn. */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** Addresses of which an answer is worth a look whether anybody waits for it. */
const DRAWS = /\/(?:images|sample|interpolate|infer)(?:[/?]|$)/;

/**
 * Hands on requests; the first of a connection that asks for pictures two turns of the event loop later. A client may have left
 * while its connection stood in the queue of those that come, and its leaving is read after its request: without that, what
 * dozens have abandoned would be begun one after the other, in front of who comes next.
 */
export function passArrivals(handle: RequestListener): RequestListener {
  const known = new WeakSet<Socket>();
  return (request, response) => {
    const { socket, url = '/' } = request;
    if (known.has(socket) || !DRAWS.test(url)) return handle(request, response);
    known.add(socket);
    setImmediate(() =>
      setImmediate(() => {
        // A client that has only ended its side is answered nothing by node:http either.
        if (socket.writable) handle(request, response);
      }),
    );
  };
}
