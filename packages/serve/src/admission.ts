/** Who is let in, until when: one for all generators that are served together. */
import type { ServerResponse } from 'node:http';
import type { Response } from 'express';
import { createGate, type Gate, type Weight } from './gate.ts';
import { HttpError } from './http-error.ts';
import { createPictureCache, type PictureCache } from './picture-cache.ts';
import { LIMITS } from './settings.ts';
import { createSlowReaders } from './slow-readers.ts';

export interface Limits {
  /** Pictures of requests that were let in and have not been answered. */
  maxQueue: number;
  /** What their levels weigh together. */
  maxQueueBytes: number;
  /** The part of both, 0 … 1, that one client may have: a key, or an address. */
  maxShare: number;
  /** Milliseconds from a request to its answer. */
  deadlineMs: number;
  /** Of encoded pictures that are kept. */
  cacheBytes: number;
}

/** A response, express's or not, and what is known of its request: in `locals`, as express has it. */
export type Responding = ServerResponse & Pick<Response, 'locals'>;

export interface Admission extends Pick<Gate, 'inside' | 'overflow'> {
  readonly draining: boolean;
  readonly cache: PictureCache;
  /**
   * Lets a request in until its response closes; `response.locals.client` says whose share it takes.
   * @returns aborted with what it is to be answered: 504 after the deadline, 503 when the service is cut
   * off; or because the client has left
   * @throws HttpError 429 when there is no room, 503 when the service drains
   */
  admit(response: Responding, weight: Weight): AbortSignal;
  /**
   * As `admit`, for an answer that is made in parts while it is read: each has the deadline's time of its own.
   * @returns makes a part
   */
  admitParts(
    response: Responding,
    weight: Weight,
  ): <T>(make: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Lets nobody in any longer. */
  drain(): void;
  /** Answers all who are inside with 503. */
  cutOff(): void;
}

/** @param limits instead of `LIMITS`, any of them */
export function createAdmission(limits: Partial<Limits> = {}): Admission {
  const { maxQueue, maxQueueBytes, maxShare, deadlineMs, cacheBytes } = { ...LIMITS, ...limits };
  const readers = createSlowReaders();
  const most = { pictures: maxQueue, bytes: maxQueueBytes };
  const gate = createGate(most, maxShare, readers.cutOne);
  const admitted = new Set<AbortController>();
  /** Of requests that were answered: a new one for each has the collector copy all that comes with it (docs/decisions.md). */
  const spare: AbortController[] = [];
  let draining = false;

  function enter(response: Responding, weight: Weight): AbortController {
    if (draining) throw stopping();
    const leave = gate.enter(weight, response.locals.client ?? '');
    response.locals.admitted?.(weight.pictures);
    const forget = readers.add(response, weight.bytes, leave);
    const controller = spare.pop() ?? new AbortController();
    admitted.add(controller);
    response.once('close', () => {
      forget();
      admitted.delete(controller);
      // To abort costs a tenth of a small picture.
      if (!response.writableFinished) controller.abort(new Error('the client has left'));
      if (!controller.signal.aborted) spare.push(controller);
      leave();
    });
    return controller;
  }

  /** @returns stops it */
  function startDeadline(controller: AbortController): () => void {
    const deadline = setTimeout(() => {
      const seconds = deadlineMs / 1000;
      controller.abort(new HttpError(504, `it was not drawn within ${seconds} s`));
    }, deadlineMs);
    return () => clearTimeout(deadline);
  }

  return {
    inside: gate.inside,
    overflow: gate.overflow,
    get draining() {
      return draining;
    },
    cache: createPictureCache(cacheBytes),
    admit(response, weight) {
      const controller = enter(response, weight);
      response.once('close', startDeadline(controller));
      return controller.signal;
    },
    admitParts(response, weight) {
      const controller = enter(response, weight);
      return async (make) => {
        const stop = startDeadline(controller);
        try {
          return await make(controller.signal);
        } finally {
          stop();
        }
      };
    },
    drain() {
      draining = true;
    },
    cutOff() {
      for (const controller of admitted) controller.abort(stopping());
    },
  };
}

function stopping(): HttpError {
  return new HttpError(503, 'the server is stopping', { 'Retry-After': '1' });
}
