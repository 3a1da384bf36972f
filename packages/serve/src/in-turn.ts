/** Requests that a client sends without waiting for answers are answered one after another. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Of one connection, requests that may wait. A client that pipelines must be ready to send again what was
 * not answered (RFC 9112, 9.3.2), and browsers do not.
 */
const MAX_WAITING = 64;

interface Line {
  busy: boolean;
  waiting: [request: IncomingMessage, response: ServerResponse][];
}

/**
 * Node hands over all requests that a connection brings as soon as it has read them, and half a megabyte
 * holds ten thousand. Here one of a connection is worked on at a time, and while others wait none are read;
 * a connection of which more wait is cut off.
 */
export function inTurn(handle: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, Line>();

  function lineOf(socket: Socket): Line {
    const known = lines.get(socket);
    if (known) return known;
    const line: Line = { busy: false, waiting: [] };
    lines.set(socket, line);
    // Node goes on reading when an answer has ended.
    socket.on('resume', () => {
      if (line.waiting.length > 0) socket.pause();
    });
    return line;
  }

  function work(line: Line, request: IncomingMessage, response: ServerResponse): void {
    line.busy = true;
    response.once('close', () => {
      line.busy = false;
      const next = line.waiting.shift();
      // It has no connection if the answer before was the last: nothing would tell that it is over.
      if (!next?.[1].socket) return;
      // Its body may still be to come.
      if (line.waiting.length === 0) request.socket.resume();
      work(line, ...next);
    });
    handle(request, response);
  }

  return (request, response) => {
    const { socket } = request;
    // What had been read when it was cut off.
    if (socket.destroyed) return;
    const line = lineOf(socket);
    if (!line.busy) {
      work(line, request, response);
    } else if (line.waiting.length < MAX_WAITING) {
      line.waiting.push([request, response]);
      socket.pause();
    } else {
      socket.destroy();
    }
  };
}
