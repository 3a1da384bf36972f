/** Every answer that is not a success: JSON `{ error: { code, message, request_id } }`, never HTML. */
import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import { SampleError } from '@ganport/sample';
import type { NextFunction, Request, Response } from 'express';

export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The first field of the request that it is about. */
  readonly field: string | undefined;

  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    field?: string,
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.field = field;
  }
}

/** What express, its body parsers and `send` refuse: their own words may hold paths, or pieces of the body. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: 'the request is not well-formed',
  404: 'there is nothing at this address',
  412: 'the file is not the one that If-Match or If-Unmodified-Since names',
  413: 'the body is too large',
  415: 'the body is encoded in a way that this server does not read',
  416: 'the file has no bytes in this range',
  'entity.parse.failed': 'the body is not JSON',
};

/** Of a file that is not sent after all. */
const FILE_HEADERS = [
  ...['Accept-Ranges', 'Content-Disposition', 'Content-Encoding', 'Content-Length', 'Content-Type'],
  ...['Content-Range', 'ETag', 'Last-Modified', 'X-Shape'],
];

interface Answer {
  status: number;
  message: string;
  headers: Readonly<Record<string, string>>;
  field?: string | undefined;
}

/** Express's last handler. What is not the client's fault is logged and answered without details. */
export const answerError = errorHandler(errorBody);

/** How a protocol puts an error; `field` is the first of the request that it is about. */
type ErrorBody = (
  status: number,
  message: string,
  id: string | undefined,
  field: string | undefined,
) => object;

/** @param type of the body */
export function errorHandler(bodyOf: ErrorBody, type = 'application/json; charset=utf-8') {
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    // Nobody is there to be answered.
    if (response.destroyed) return;
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, message, headers, field } = answerTo(error);
    if (status === 500) (response.locals.complain ?? console.error)(error);
    for (const name of FILE_HEADERS) response.removeHeader(name);
    response.status(status).set({ 'Cache-Control': 'no-store', ...headers });
    const body = JSON.stringify(bodyOf(status, message, response.get('X-Request-Id'), field));
    // Not express's `set`, which adds a charset.
    response.setHeader('Content-Type', type).setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
  };
}

/** What is answered to an error; of what is not the client's fault, without details. */
export function answerTo(error: unknown): Answer {
  if (error instanceof HttpError) return error;
  // What was asked for cannot be had: a grid too large for its format.
  if (error instanceof SampleError) return { status: 400, message: error.message, headers: {} };
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE') {
    return { status: 503, message: 'too many files are open', headers: { 'Retry-After': '1' } };
  }
  const { status, type, headers } = error as { status?: unknown; type?: unknown } & Partial<Answer>;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const message = REFUSALS[String(type)] ?? REFUSALS[status] ?? STATUS_CODES[status]!;
    return { status, message, headers: headers ?? {} };
  }
  return { status: 500, message: 'the server failed', headers: {} };
}

/** Answers an error without express. */
export function refuse(
  response: ServerResponse,
  {
    status,
    message,
    headers,
  }: Pick<Answer, 'status' | 'message'> & { headers?: Readonly<OutgoingHttpHeaders> },
  id: string,
): void {
  const body = JSON.stringify(errorBody(status, message, id));
  response.writeHead(status, {
    'X-Request-Id': id,
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** @param id undefined of what never became a request */
export function errorBody(status: number, message: string, id: string | undefined): object {
  return { error: { code: codeOf(status), message, ...(id && { request_id: id }) } };
}

/** HTTP's own words for a status: `not_found`. */
function codeOf(status: number): string {
  if (status === 500) return 'internal';
  return STATUS_CODES[status]!.toLowerCase().replaceAll(/[^a-z]+/g, '_');
}
