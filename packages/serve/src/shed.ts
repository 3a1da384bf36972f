/** Refusing what there is no room for, before it costs anything. */
import type { RequestListener } from 'node:http';
import { nameOfAddress } from './access.ts';
import type { Admission } from './admission.ts';
import { refuse } from './http-error.ts';
import { type Log, logEarly } from './log.ts';
import type { Metrics } from './metrics.ts';
import { requestId } from './request-id.ts';

/**
 * Addresses that draw, but for those of one picture, which may be kept. The Open Inference Protocol's errors have a form of
 * their own.
 */
const DRAWS =
  /^(?:\/models\/[^/?]+(?:\/versions\/[^/?]+)?)?\/v1\/(?:images|sample|interpolate)(?![^?]*\.(?:png|webp)(?:\?|$))(?:[/?]|$)/;

export interface ShedOptions {
  admission: Pick<Admission, 'overflow' | 'draining'>;
  metrics: Pick<Metrics, 'early'>;
  log?: Log | undefined;
  /** Whether addresses are the clients whose shares are bounded: not where keys are shown, or behind a proxy. */
  byAddress: boolean;
}

/**
 * Answers 429 where all the room is taken, or the client's share of it, and hands the others on. At four times what it can draw a service would else do
 * little but refuse: finding out what is asked, by whom, takes as long as a picture.
 */
export function shed(
  handle: RequestListener,
  { admission, metrics, log, byAddress }: ShedOptions,
): RequestListener {
  return (request, response) => {
    const { url = '/', headers } = request;
    const { remoteAddress: client } = request.socket;
    // A page of another origin can read an answer only with headers that the application knows.
    const refusal =
      headers.origin === undefined && !admission.draining && DRAWS.test(url)
        ? admission.overflow(byAddress ? nameOfAddress(client) : undefined)
        : undefined;
    if (!refusal) return handle(request, response);
    metrics.early(429);
    const id = requestId(request);
    if (log) logEarly(log, { request, id, status: 429 });
    refuse(response, { status: 429, ...refusal }, id);
  };
}
