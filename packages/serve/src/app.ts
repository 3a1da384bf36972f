/** The service as an express application: routes, headers, errors. It does not listen. */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { quote } from '@ganport/model';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { answerError, HttpError } from './http-error.ts';
import { imageRoutes } from './images-api.ts';
import { inferRoutes } from './infer-api.ts';
import { createMetrics } from './metrics.ts';
import { modelRoutes } from './model-api.ts';
import { createRouter } from './router.ts';
import { sampleRoutes } from './sample-api.ts';
import type { Service } from './service.ts';

export interface AppOptions {
  service: Service;
  /** Folder of the built page: index.html and assets/. */
  pageDir: string;
}

/** The page's runtime, in its WebAssembly build and its WebGPU build ("asyncify"). */
const ORT_FILES = [
  'ort.wasm.min.mjs',
  'ort-wasm-simd-threaded.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.min.mjs',
  'ort-wasm-simd-threaded.asyncify.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves one generator: its pictures, its metadata, its file, and the page that draws with it. Each protocol
 * is a router with its own limits, over the service.
 */
export function createApp({ service, pageDir }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').enable('case sensitive routing');
  // Files have tags of their own, and pictures names; express would hash all other answers.
  app.set('etag', () => undefined);
  const metrics = createMetrics(service);
  app.use(identify, metrics.observe, securityHeaders);
  app.use('/v1/sample', sampleRoutes(service));
  app.use('/v2', inferRoutes(service));
  app.use(refuseWhatIsNotARead);
  app.use('/v1/images', imageRoutes(service));
  app.use(modelRoutes(service));
  app.get('/metrics', metrics.answer);
  app.use(pageRoutes(pageDir));
  app.use((request) => {
    throw new HttpError(404, `there is nothing at ${quote(request.path)}`);
  });
  app.use(answerError);
  return app;
}

/** What a client may call its request by. */
const REQUEST_ID = /^[\w.-]{1,64}$/;

function identify(request: Request, response: Response, next: NextFunction): void {
  const given = request.get('X-Request-Id') ?? '';
  response.set('X-Request-Id', REQUEST_ID.test(given) ? given : randomUUID());
  next();
}

function securityHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
}

function refuseWhatIsNotARead(request: Request, response: Response, next: NextFunction): void {
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

function pageRoutes(pageDir: string): express.Router {
  const router = createRouter();
  const require = createRequire(import.meta.url);
  const ortDir = dirname(require.resolve('onnxruntime-web'));
  for (const name of ORT_FILES) {
    router.get(`/ort/${name}`, (_request, response) => response.sendFile(name, { root: ortDir }));
  }
  // Browsers ask for it beside a picture too, and complain.
  router.get('/favicon.ico', (_request, response) => response.status(204).end());
  // Assets are named for their contents; the page that names them is asked for each time.
  const assets = { immutable: true, maxAge: '1y', redirect: false, index: false } as const;
  router.use('/assets', express.static(join(pageDir, 'assets'), assets));
  router.use(express.static(pageDir, { redirect: false }));
  return router;
}
