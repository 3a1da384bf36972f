/** Headers that tell browsers what pages may do with answers. */
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import cors from 'cors';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

export interface Sharing {
  /** Origins whose scripts may read answers, such as https://example.org, or `*`; none unless given. */
  corsOrigins?: readonly string[] | undefined;
  /** Origins that may show the page in a frame; none unless given. */
  frameAncestors?: readonly string[] | undefined;
}

/** Of answers, what scripts of other origins may read beside the usual. */
const EXPOSED = [
  ...['ETag', 'Retry-After', 'X-Request-Id', 'X-Shape', 'Content-Range'],
  ...['Inference-Header-Content-Length', 'RateLimit', 'RateLimit-Policy'],
];

interface SharingHeaders {
  /** Of an answer to who names no origin. */
  headers: Readonly<OutgoingHttpHeaders>;
  set(request: Request, response: Response, next: NextFunction): void;
}

/** They are the same for all but those of other origins: helmet's dozen of functions are asked once. */
export function sharingHeaders({ corsOrigins = [], frameAncestors = [] }: Sharing): SharingHeaders {
  const safe = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'", 'blob:', 'data:'],
        styleSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: frameAncestors.length > 0 ? [...frameAncestors] : ["'none'"],
      },
    },
    // Pictures are there to be shown, on pages of any origin; reading them takes CORS.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // It knows no exceptions for origins; older browsers that know nothing else show no frame.
    xFrameOptions: frameAncestors.length > 0 ? false : { action: 'deny' },
    // Whoever adds TLS in front says for how long it stays.
    strictTransportSecurity: false,
  });
  const origin = corsOrigins.includes('*') ? '*' : [...corsOrigins];
  const share =
    corsOrigins.length > 0 ? cors({ origin, exposedHeaders: EXPOSED, maxAge: 600 }) : undefined;
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  safe(request, response, () => {});
  const own = Object.entries(response.getHeaders());
  share?.(request, response, () => {});
  return {
    headers: response.getHeaders(),
    set(request, response, next) {
      for (const [name, value] of own) response.setHeader(name, value!);
      if (share) share(request, response, next);
      else next();
    },
  };
}
