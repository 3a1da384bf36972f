/** The service as an express application: routes, headers, errors. It does not listen. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from '@ganport/model';
import express, { type Express, type Router } from 'express';
import { type Access, accessRules } from './access.ts';
import { compressedFiles } from './compressed.ts';
import { dispatchToModels } from './dispatch.ts';
import { docsRoutes } from './docs-api.ts';
import { serviceDocument } from './document.ts';
import { ServeError } from './error.ts';
import { generationsRoutes } from './generations-api.ts';
import { type Sharing, sharingHeaders } from './headers.ts';
import { healthRoutes, inferHealthRoutes, listRoutes } from './health-api.ts';
import { answerError } from './http-error.ts';
import { imageRoutes } from './images-api.ts';
import { answerInferError, inferRoutes } from './infer-api.ts';
import { interpolateRoutes } from './interpolate-api.ts';
import { accessLog, type Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { modelRoutes } from './model-api.ts';
import { onlyReads } from './reads.ts';
import type { Models } from './registry.ts';
import { identify } from './request-id.ts';
import { createRouter, nothingHere } from './router.ts';
import { sampleRoutes } from './sample-api.ts';
import { expectNamed, type FindService, type Service } from './service.ts';
import type { Tracing } from './tracing.ts';

export interface AppOptions extends Access, Sharing {
  models: Models;
  /** Folder of the built page: index.html and assets/; the package's own unless given. */
  pageDir?: string;
  /** Is told each request; none unless given. */
  log?: Log | undefined;
  /** Makes spans of requests; none unless given. */
  tracing?: Tracing | undefined;
  /** Its own unless given. */
  metrics?: Metrics | undefined;
  /**
   * Proxies in front, whose X-Forwarded-For says who asks: how many there are, or their addresses, as express has them; none
   * unless given.
   */
  trustProxy?: number | string | undefined;
}

export const PAGE_DIR = fileURLToPath(new URL('../dist/page/', import.meta.url));

/** The page's runtime, in its WebAssembly build and its two with WebGPU ("jspi", and "asyncify" for older browsers). */
const ORT_FILES = [
  'ort.wasm.min.mjs',
  'ort-wasm-simd-threaded.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.jspi.min.mjs',
  'ort-wasm-simd-threaded.jspi.mjs',
  'ort-wasm-simd-threaded.jspi.wasm',
  'ort.webgpu.min.mjs',
  'ort-wasm-simd-threaded.asyncify.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];

/**
 * Serves generators: their pictures, metadata and files, and the page that draws with them. What one generator answers
 * is the same under /models/NAME/ and /models/NAME/versions/VERSION/; addresses that name no model are the default's.
 */
export function createApp({
  models,
  pageDir = PAGE_DIR,
  log,
  tracing,
  metrics = createMetrics(models),
  trustProxy = 0,
  ...rules
}: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').enable('case sensitive routing');
  // Files have tags of their own, and pictures names; express would hash all other answers.
  app.set('etag', () => undefined);
  setProxies(app, trustProxy);
  app.use(identify, metrics.observe, sharingHeaders(rules).set);
  if (log) app.use(accessLog(log));
  if (tracing) app.use(tracing.observe);
  app.use(healthRoutes(models));
  app.use(...accessRules(rules));
  app.get('/metrics', onlyReads, metrics.answer);
  app.use(docsRoutes(serviceDocument));
  app.use(listRoutes(models), inferHealthRoutes(models));
  const find: FindService = (name, response) => {
    const service = models.find(name);
    models.hold(service, response);
    response.locals.service = service;
    return service;
  };
  app.use('/v1/images/generations', generationsRoutes(find));
  app.use('/v1/sample', sampleRoutes(find));
  const all = () => {
    // Before there is any, that is to be said, and not that a body is too large.
    models.find();
    return models.list().flatMap(({ versions }) => [...versions.values()]);
  };
  app.use('/v1/interpolate', interpolateRoutes(find, all));
  const page = pageRoutes(pageDir);
  app.use(dispatchToModels(models, (service) => serviceRoutes(service, page, models)));
  app.use(nothingHere);
  app.use('/v2', answerInferError);
  app.use(answerError);
  return app;
}

/** @throws ServeError for what are no addresses */
function setProxies(app: Express, trustProxy: number | string): void {
  try {
    app.set('trust proxy', trustProxy);
  } catch {
    throw new ServeError(
      `expected how many proxies are trusted, or their addresses, such as 10.0.0.0/8, loopback; got ${quote(trustProxy)}`,
    );
  }
}

/** What one generator answers, below the address that names it. Each protocol is a router with its own limits. */
export function serviceRoutes(service: Service, page: Router, models: Models): Router {
  const versionsOf = () => {
    const model = models.list().find(({ name }) => name === service.name);
    return [...(model?.versions.keys() ?? [])].sort((a, b) => Number(a) - Number(b));
  };
  const router = createRouter();
  const find: FindService = (name) => expectNamed(service, name);
  router.use('/v1/sample', sampleRoutes(find));
  const own = [service];
  router.use(
    '/v1/interpolate',
    interpolateRoutes(find, () => own),
  );
  router.use('/v2', inferRoutes(service, versionsOf));
  router.use(onlyReads);
  router.use('/v1/images', imageRoutes(service));
  router.use(modelRoutes(service));
  router.use(page);
  return router;
}

function pageRoutes(pageDir: string): Router {
  const router = createRouter();
  const require = createRequire(import.meta.url);
  const ortDir = dirname(require.resolve('onnxruntime-web'));
  const sendOrt = compressedFiles(ortDir, 'public, max-age=0');
  for (const name of ORT_FILES) {
    router.get(`/ort/${name}`, sendOrt(name));
    router.get(`/ort/${name}`, (_request, response) => response.sendFile(name, { root: ortDir }));
  }
  // Browsers ask for it beside a picture too, and complain.
  router.get('/favicon.ico', (_request, response) => response.status(204).end());
  // Assets are named for their contents; the page that names them is asked for each time.
  const assets = { immutable: true, maxAge: '1y', redirect: false, index: false } as const;
  const assetsDir = join(pageDir, 'assets');
  const sendAsset = compressedFiles(assetsDir, 'public, max-age=31536000, immutable');
  router.get('/assets/:name', (request, response, next) =>
    sendAsset(request.params.name)(request, response, next),
  );
  router.use('/assets', express.static(assetsDir, assets));
  router.use(express.static(pageDir, { redirect: false }));
  return router;
}
