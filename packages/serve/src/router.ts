import { quote } from '@ganport/model';
import { type RequestHandler, Router } from 'express';
import { HttpError } from './http-error.ts';

/** A router whose addresses have one spelling each: to a cache, another is another address. */
export function createRouter(): Router {
  return Router({ caseSensitive: true, strict: true });
}

/** @throws HttpError 405 always: what is left at an address whose methods were handled before */
export function onlyMethod(method: string): RequestHandler {
  return (request, response) => {
    response.set('Allow', method);
    throw new HttpError(405, `expected ${method}, got ${request.method}`);
  };
}

/** @throws HttpError 404 always */
export const nothingHere: RequestHandler = (request) => {
  throw new HttpError(404, `there is nothing at ${quote(request.path)}`);
};
