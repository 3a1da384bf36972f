/** Headers that tell browsers what pages may do with answers. */
import cors from 'cors';
import type { RequestHandler } from 'express';
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

export function sharingHeaders({
  corsOrigins = [],
  frameAncestors = [],
}: Sharing): RequestHandler[] {
  const headers = helmet({
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
  if (corsOrigins.length === 0) return [headers];
  const origin = corsOrigins.includes('*') ? '*' : [...corsOrigins];
  return [headers, cors({ origin, exposedHeaders: EXPOSED, maxAge: 600 })];
}
