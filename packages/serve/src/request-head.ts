/** Heads of requests that express would read otherwise than they are meant. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { quote } from '@ganport/model';
import { refuse } from './http-error.ts';
import { requestId } from './request-id.ts';

/** What a request has once, or not at all; of two, another server on the way may have read the other. */
const SINGLE = new Set([
  ...['authorization', 'content-length', 'content-type', 'host', 'if-modified-since', 'if-range'],
  ...['if-unmodified-since', 'inference-header-content-length', 'range', 'x-api-key'],
  'x-request-id',
]);

/**
 * Answers what is no request for an address of a server, and hands the others on with their path as `url`:
 * a request may name the whole URL (RFC 9112, 3.2.2), which express would read with Node's old parser.
 */
export function readHeads(handle: RequestListener): RequestListener {
  return (request, response) => {
    const fault = headFault(request);
    if (fault === undefined) return handle(request, response);
    refuse(response, { status: 400, message: fault }, requestId(request));
  };
}

/** Answers what expects something else than to be told that it may go on. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const message = `expect: expected 100-continue, got ${quote(request.headers.expect!)}`;
  refuse(response, { status: 417, message }, requestId(request));
}

function headFault(request: IncomingMessage): string | undefined {
  const twice = repeated(request.rawHeaders);
  if (twice !== undefined) return `${twice}: expected once, got it again`;
  const { url = '/', httpVersion, headers } = request;
  if (httpVersion === '1.1' && headers.host === undefined) return 'host: expected one, got none';
  // Asked of the server itself, by OPTIONS.
  if (url.startsWith('/') || url === '*') return undefined;
  try {
    const { protocol, pathname, search } = new URL(url);
    if (protocol === 'http:' || protocol === 'https:') {
      request.url = pathname + search;
      return undefined;
    }
  } catch {
    // It is none.
  }
  return `expected an address that begins with /, got ${quote(url)}`;
}

/** The first header of `SINGLE` that is given again, in lower case. */
function repeated(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (SINGLE.has(name) && seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
