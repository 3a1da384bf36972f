/** The log: JSON, a line for each request, and for what becomes of models. Neither keys nor what was asked for are in it. */
import { write } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import pino, { type Logger } from 'pino';
import type { Responding } from './admission.ts';
import type { ModelEvent } from './registry.ts';
import type { LogLevel } from './settings.ts';

export type Log = Logger;

/** Of lines that nobody takes; what comes after is lost rather than kept. */
const MAX_WAITING_BYTES = 2 ** 20;
/** Before a pipe that is full is tried again. */
const FULL_MS = 50;

/** @param fd where to, standard error unless given. What cannot be written there is lost: pictures are served on */
export function createLog(level: LogLevel, fd = 2): Log {
  const formatters = { level: (label: string) => ({ level: label }), bindings: () => ({}) };
  const timestamp = pino.stdTimeFunctions.isoTime;
  return pino({ level, formatters, timestamp }, createLines(fd));
}

/**
 * Writes in order, beside the event loop. pino's own destination tries for ever to write the rest before the process
 * ends, where a disk is full.
 */
function createLines(fd: number): { write(line: string): void } {
  let waiting = Buffer.alloc(0);
  let writing = false;
  const go = (): void => {
    if (writing || waiting.length === 0) return;
    writing = true;
    write(fd, waiting, (error, written) => {
      writing = false;
      if (error?.code === 'EAGAIN') {
        setTimeout(go, FULL_MS);
        return;
      }
      waiting = error ? Buffer.alloc(0) : waiting.subarray(written);
      go();
    });
  };
  return {
    write(line) {
      if (waiting.length + line.length > MAX_WAITING_BYTES) return;
      waiting = Buffer.concat([waiting, Buffer.from(line)]);
      go();
    },
  };
}

/** What became of a version. */
export function logModel(log: Log, event: ModelEvent): void {
  const fields = { model: event.name, version: event.version };
  if (event.type === 'refused') {
    log.error({ ...fields, reason: event.error.message }, 'model refused');
  } else if (event.type === 'loaded') {
    log.info({ ...fields, sha256: event.generator.sha256 }, 'model loaded');
  } else log.info(fields, 'model closed');
}

/** Requests of probes and scrapers are told at level debug. */
const QUIET = new Set(['/livez', '/readyz', '/startupz', '/v1/health', '/metrics']);

/** Without the query, which may hold what its client did not mean to tell. */
function loggedPath(url: string): string {
  return url.split('?', 1)[0]!.slice(0, MAX_PATH);
}

/** A line for each request, once it is answered or its client has left (status 499). */
export function accessLog(log: Log) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const began = performance.now();
    const id = response.get('X-Request-Id')!;
    logRequest(log, { request, response, url: request.originalUrl, id, began, ip: request.ip });
    next();
  };
}

export interface Logged {
  request: IncomingMessage;
  response: Responding;
  url: string;
  id: string;
  /** When it came, as `performance` has it. */
  began: number;
  /** What is told as its client while nothing else is known. */
  ip?: string | undefined;
}

/** Tells a request when it is over, and what fails meanwhile. */
export function logRequest(log: Log, { request, response, url, id, began, ip }: Logged): void {
  const path = loggedPath(url);
  const { method } = request;
  response.locals.complain = (error: unknown) => log.error({ id, err: error }, 'failed');
  response.once('close', () => {
    const status = response.writableFinished ? response.statusCode : 499;
    const { client = ip, service } = response.locals;
    const ms = Math.round((performance.now() - began) * 10) / 10;
    const of = service && { model: service.name, version: service.version };
    const fields = { id, method, path, status, ms, client, ...of };
    if (status >= 500) log.warn(fields, 'request');
    else if (QUIET.has(path)) log.debug(fields, 'request');
    else log.info(fields, 'request');
  });
}

/** Tells one that the application does not see: behind a proxy, of the proxy. Who sent it there is found out by the application. */
export function logEarly(
  log: Log,
  { request, id, status }: Pick<Logged, 'request' | 'id'> & { status: number },
): void {
  const { method, url = '/', socket } = request;
  const fields = { id, method, path: loggedPath(url), status, ms: 0, client: socket.remoteAddress };
  log.info(fields, 'request');
}

const MAX_PATH = 256;
