/** JSON that a request brings, within limits and in ganport's words. */
import { decodeText, ModelError, parseJson, quote } from '@ganport/model';
import express, { type NextFunction, type Request, type RequestHandler } from 'express';
import type * as z from 'zod';
import { HttpError } from './http-error.ts';
import { parseRequest } from './parameters.ts';

/**
 * Reads the body of a request, of at most so many bytes, or as many as are found out for each; one that says it has more is not waited for. An application
 * that this one is part of may have read it before, and parsed it.
 */
export function readBody(most: number | (() => number)): RequestHandler {
  const readerOf = (limit: number) => express.raw({ type: () => true, limit });
  const fixed = typeof most === 'number' ? readerOf(most) : undefined;
  return (request, response, next) => {
    if (request.body !== undefined) return next();
    const limit = typeof most === 'number' ? most : most();
    const read = fixed ?? readerOf(limit);
    if (Number(request.get('Content-Length')) > limit) throw tooLarge(limit);
    const done = once(next);
    if (request.get('Transfer-Encoding') !== undefined)
      onceBeyond(request, limit, () => done(tooLarge(limit, END)));
    read(request, response, (error) => done(error && refusalOf(error, request, limit)));
  };
}

/** Without it, a client that has been answered would send the rest, of which there may be no end. */
const END = { Connection: 'close' };

function tooLarge(limit: number, headers = {}): HttpError {
  return new HttpError(413, `the body is too large: expected at most ${limit} bytes`, headers);
}

/** Calls back as soon as a request has brought more bytes than the limit; `express.raw` says so only at the end of them all. */
function onceBeyond(request: Request, limit: number, callback: () => void): void {
  let bytes = 0;
  request.on('data', function count(chunk: Buffer) {
    bytes += chunk.length;
    if (bytes <= limit) return;
    request.off('data', count);
    callback();
  });
}

/** Passes on the first call alone. */
function once(next: NextFunction): NextFunction {
  let called = false;
  return (error?: unknown) => {
    if (called) return;
    called = true;
    next(error);
  };
}

/** What `express.raw` refuses, in ganport's words where it can be said more exactly. */
function refusalOf(
  error: { type?: string; code?: string },
  request: Request,
  limit: number,
): unknown {
  if (error.type === 'entity.too.large') return tooLarge(limit);
  // Of zlib, for its three encodings.
  if (!/^(Z_|ERR__)/.test(error.code ?? '')) return error;
  const encoding = quote(request.get('Content-Encoding'));
  return new HttpError(400, `Content-Encoding: the body is not ${encoding}, as it says`);
}

/** The body that `readBody` has read. @throws HttpError 400 where there is none */
export function bodyBytes({ body }: Request): Buffer {
  if (body === undefined) throw new HttpError(400, 'expected a body');
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

/**
 * What the body that `readBody` has read says.
 * @throws HttpError 400 that names each field that does not fit, 415 for what is not JSON by its Content-Type
 */
export function jsonBody<S extends z.ZodType>(schema: S, request: Request): z.output<S> {
  const { body } = request;
  if (body === undefined) throw new HttpError(400, 'expected a body of JSON');
  const type = request.get('Content-Type') ?? '';
  const json = /^application\/json\s*(?:;\s*charset="?([^;"]*)"?\s*)?$/i.exec(type);
  if (!json) {
    throw new HttpError(415, 'expected a JSON body, and Content-Type: application/json');
  }
  const [, charset = 'utf-8'] = json;
  if (!/^utf-?8$/i.test(charset)) {
    throw new HttpError(415, `Content-Type: expected a charset of utf-8, got ${quote(charset)}`);
  }
  return parseRequest(schema, Buffer.isBuffer(body) ? parseBytes(body) : body);
}

/** @throws HttpError 400 that says where it is not JSON */
export function parseBytes(bytes: Uint8Array): unknown {
  try {
    return parseJson(decodeText(bytes, 'the body'), 'the body');
  } catch (error) {
    if (error instanceof ModelError) throw new HttpError(400, error.message);
    throw error;
  }
}
