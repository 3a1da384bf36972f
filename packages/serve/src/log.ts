/** The log: JSON, a line for each request, and for what becomes of models. Neither keys nor what was asked for are in it. */
import type { NextFunction, Request, Response } from 'express';
import pino, { type Logger } from 'pino';
import type { ModelEvent } from './registry.ts';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type Log = Logger;

/** Of lines that nobody takes; what comes after is lost rather than kept. */
const MAX_WAITING_BYTES = 2 ** 20;

/** @param fd where to, standard error unless given. What cannot be written there is lost: pictures are served on */
export function createLog(level: LogLevel, fd = 2): Log {
  const destination = pino.destination({ dest: fd, sync: false, maxLength: MAX_WAITING_BYTES });
  destination.on('error', () => {});
  const formatters = { level: (label: string) => ({ level: label }), bindings: () => ({}) };
  return pino({ level, formatters, timestamp: pino.stdTimeFunctions.isoTime }, destination);
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

/** A line for each request, once it is answered or its client has left (status 499). */
export function accessLog(log: Log) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const began = performance.now();
    // A query may hold what its client did not mean to tell.
    const path = request.originalUrl.split('?', 1)[0]!.slice(0, MAX_PATH);
    response.locals.complain = (error: unknown) => {
      log.error({ id: response.get('X-Request-Id'), err: error }, 'failed');
    };
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 499;
      const { client, service } = response.locals;
      const fields = {
        id: response.get('X-Request-Id'),
        ...{ method: request.method, path, status },
        ms: Math.round((performance.now() - began) * 10) / 10,
        client: client ?? request.ip,
        ...(service && { model: service.name, version: service.version }),
      };
      if (status >= 500) log.warn(fields, 'request');
      else if (QUIET.has(path)) log.debug(fields, 'request');
      else log.info(fields, 'request');
    });
    next();
  };
}

const MAX_PATH = 256;
