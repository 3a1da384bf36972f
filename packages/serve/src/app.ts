/** The service as an express application: routes, headers, errors. It does not listen. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { quote } from '@ganport/model';
import type { LoadedGenerator } from '@ganport/sample/node';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { answerError, HttpError } from './http-error.ts';
import { imageRoutes } from './images-api.ts';
import { createRouter } from './router.ts';

export interface AppOptions {
  generator: LoadedGenerator;
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

/** Serves one generator: its pictures, its metadata, its file, and the page that draws with it. */
export function createApp({ generator, pageDir }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').enable('case sensitive routing');
  app.use(securityHeaders, refuseWhatIsNotARead);
  app.use('/v1/images', imageRoutes(generator));
  app.use(modelRoutes(generator));
  app.use(pageRoutes(pageDir));
  app.use((request) => {
    throw new HttpError(404, `there is nothing at ${quote(request.path)}`);
  });
  app.use(answerError);
  return app;
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

function modelRoutes({ sampler, device, sha256, file }: LoadedGenerator): express.Router {
  const router = createRouter();
  router.get('/v1/health', (_request, response) => {
    // The golden samples were checked before there was a sampler to serve.
    response.set('Cache-Control', 'no-store').json({ status: 'ready', device });
  });
  router.get('/v1/model', (_request, response) => {
    const { metadata, description: runtime } = sampler;
    const model = { sha256, bytes: file.length, device, runtime, metadata };
    response.set('Cache-Control', 'no-cache').json(model);
  });
  router.get('/generator.onnx', (_request, response) => {
    response.set({ ETag: `"${sha256}"`, 'Cache-Control': 'no-cache' });
    response.type('application/octet-stream').send(file);
  });
  return router;
}

function pageRoutes(pageDir: string): express.Router {
  const router = createRouter();
  const require = createRequire(import.meta.url);
  const ortDir = dirname(require.resolve('onnxruntime-web'));
  for (const name of ORT_FILES) {
    router.get(`/ort/${name}`, (_request, response) => response.sendFile(name, { root: ortDir }));
  }
  // Assets are named for their contents; the page that names them is asked for each time.
  const assets = { immutable: true, maxAge: '1y', redirect: false, index: false } as const;
  router.use('/assets', express.static(join(pageDir, 'assets'), assets));
  router.use(express.static(pageDir, { redirect: false }));
  return router;
}
