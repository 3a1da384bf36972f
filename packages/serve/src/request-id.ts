/** What a request is called in its answer, in the log and in traces. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';

/** What a client may call its request by. */
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** The client's own name for it, or a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = String(headers['x-request-id'] ?? '');
  return REQUEST_ID.test(given) ? given : randomUUID();
}

export function identify(request: Request, response: Response, next: NextFunction): void {
  response.set('X-Request-Id', requestId(request));
  next();
}
