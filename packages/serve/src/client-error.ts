/** What is not HTTP, which never reaches the application. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody } from './http-error.ts';

/** Node's codes that are not a 400. */
const STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** For the answer to arrive: what a client sends meanwhile is passed over, since a connection with unread bytes is reset. */
const FAREWELL_MS = 1_000;

/** Answers it, and ends the connection, whether its client ends its own side or sends on. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return;
  const status = STATUSES[error.code ?? ''] ?? 400;
  const message = status === 400 ? `not an HTTP request: ${error.message}` : STATUS_CODES[status]!;
  const body = JSON.stringify(errorBody(status, message, undefined));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/json',
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
}
