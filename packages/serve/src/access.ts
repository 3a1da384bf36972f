/** Who may ask, from where, and how often. */
import type { IncomingMessage } from 'node:http';
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

/** Before all but what tells how the process is; then `response.locals.client` is who asks. */
export function accessRules({ ratePerMinute, ...access }: Access): RequestHandler[] {
  const clientOf = createAccess(access);
  return [
    (request, response, next) => {
      response.locals.client = clientOf(request, request.ip);
      next();
    },
    ...(ratePerMinute === undefined ? [] : [limitRate(ratePerMinute)]),
  ];
}

/**
 * Who asks: whose key it is or, without keys, which address.
 * @throws HttpError 401 without a key, 421 for a name that is not this server's
 */
type ClientOf = (request: IncomingMessage, address: string | undefined) => string;

export function createAccess({ apiKeys, allowedHosts }: Omit<Access, 'ratePerMinute'>): ClientOf {
  const checkHost = allowedHosts && expectHost(allowedHosts);
  const holderOf = apiKeys && expectApiKey(apiKeys);
  return (request, address) => {
    checkHost?.(request);
    return holderOf ? holderOf(request) : nameOfAddress(address);
  };
}

/** Addresses of IPv6 change within their network at will. */
export function nameOfAddress(address = ''): string {
  return ipKeyGenerator(address);
}

/**
 * A page of another site can have its own name lead to this machine, and read what it serves; but its name has
 * a dot, and is not one of these.
 */
function expectHost(allowed: readonly string[]): (request: IncomingMessage) => void {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  return ({ headers: { host = '' } }) => {
    const name = host.replace(/:\d*$/, '').toLowerCase();
    const isAddress = isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0;
    if (!isAddress && name.includes('.') && !names.has(name) && !name.endsWith('.localhost')) {
      throw new HttpError(
        421,
        `Host: this server is not known as ${quote(host)}: --allowed-hosts takes names`,
      );
    }
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
