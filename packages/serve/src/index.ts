export { type AppOptions, createApp } from './app.ts';
export { ServeError } from './error.ts';
export { expectFreePort } from './listen.ts';
export {
  GRACE_MS,
  type RunningServer,
  type ServerOptions,
  type ServingOptions,
  serveGenerator,
  startServer,
} from './server.ts';
export { createService, LIMITS, type Limits, type Picture, type Service } from './service.ts';
export { startWatch, type Watch, type Watched } from './watch.ts';
