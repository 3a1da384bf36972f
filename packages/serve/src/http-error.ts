/** Every answer that is not a success: JSON `{ error: { code, message } }`, never HTML. */
import { parseWholeNumber, quote } from '@ganport/model';
import { SampleError } from '@ganport/sample';
import type { NextFunction, Request, Response } from 'express';
import * as z from 'zod';

const CODES: Readonly<Record<number, string>> = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  500: 'internal',
};

export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Validates a request's parameters. @throws HttpError 400 that names each that does not fit. */
export function parseRequest<S extends z.ZodType>(schema: S, parameters: unknown): z.output<S> {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data;
  const reasons = result.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new HttpError(400, reasons.join('; '));
}

/** A parameter that spells a whole number in decimal digits, in the one way there is: not as 007. */
export function wholeNumber(least: number, most: number) {
  return z.unknown().transform((text, context): number => {
    const parsed = parseWholeNumber(text, least, most);
    if ('value' in parsed && String(parsed.value) === text) return parsed.value;
    const padded = `expected no zeros in front, got ${quote(text)}`;
    const message = 'reason' in parsed ? parsed.reason : padded;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** Express's last handler. What is not the client's fault is logged and answered without details. */
export function answerError(
  error: unknown,
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  // Nobody is there to be answered.
  if (response.destroyed) return;
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  if (status === 500) console.error(error);
  const message = status === 500 ? 'the server failed' : (error as Error).message;
  response.status(status).set('Cache-Control', 'no-store').json(errorBody(status, message));
}

function statusOf(error: unknown): number {
  // What was asked for cannot be had: a grid too large for its format.
  if (error instanceof SampleError) return 400;
  // Express's own errors, such as a path that is not valid UTF-8, carry a status too.
  const claimed = (error as { status?: unknown }).status;
  return typeof claimed === 'number' && claimed in CODES ? claimed : 500;
}

export function errorBody(status: number, message: string): object {
  return { error: { code: CODES[status], message } };
}
