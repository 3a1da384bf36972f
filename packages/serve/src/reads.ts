import type { NextFunction, Request, Response } from 'express';
import { HttpError } from './http-error.ts';

/** @throws HttpError 405 for what is not a GET or HEAD, 413 for one with a body */
export function onlyReads(request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.set('Allow', 'GET, HEAD');
    throw new HttpError(405, `expected GET or HEAD, got ${request.method}`);
  }
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length !== '0' || encoding) {
    throw new HttpError(413, 'expected a request without a body');
  }
  next();
}
