/** Who may ask, from where, and how often. */
import { isIP } from 'node:net';
import { quote } from '@ganport/model';
import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { type ApiKey, expectApiKey } from './api-keys.ts';
import { HttpError } from './http-error.ts';

export interface Access {
  /** Without any, all may ask. */
  apiKeys?: readonly ApiKey[] | undefined;
  /** Requests a minute of a key or, without keys, of an address. As many as it likes, unless given. */
  ratePerMinute?: number | undefined;
  /** Names that requests may call this server by, beside addresses and names without a dot; all unless given. */
  allowedHosts?: readonly string[] | undefined;
}

const MINUTE_MS = 60_000;

/** Before all but what tells how the process is. */
export function accessRules({ apiKeys, ratePerMinute, allowedHosts }: Access): RequestHandler[] {
  return [
    ...(allowedHosts ? [expectHost(allowedHosts)] : []),
    apiKeys ? expectApiKey(apiKeys) : nameByAddress,
    ...(ratePerMinute === undefined ? [] : [limitRate(ratePerMinute)]),
  ];
}

/** Those of IPv6 change within their network at will. */
const nameByAddress: RequestHandler = (request, response, next) => {
  response.locals.client = ipKeyGenerator(request.ip ?? '');
  next();
};

/**
 * A page of another site can have its own name lead to this machine, and read what it serves; but its name has
 * a dot, and is not one of these.
 */
function expectHost(allowed: readonly string[]): RequestHandler {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  return (request, _response, next) => {
    const host = request.headers.host ?? '';
    const name = host.replace(/:\d*$/, '').toLowerCase();
    const isAddress = isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0;
    if (!isAddress && name.includes('.') && !names.has(name) && !name.endsWith('.localhost')) {
      throw new HttpError(
        421,
        `Host: this server is not known as ${quote(host)}: --allowed-hosts takes names`,
      );
    }
    next();
  };
}

function limitRate(ratePerMinute: number): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: ratePerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (_request, response) => response.locals.client,
    handler: (_request, response, next) => {
      // It counts to a time of day: where the clock was set back, that is far away.
      const seconds = Math.min(Number(response.get('Retry-After')), MINUTE_MS / 1000);
      const message = `expected at most ${ratePerMinute} requests a minute: ask again later`;
      next(new HttpError(429, message, { 'Retry-After': String(seconds) }));
    },
  });
}
