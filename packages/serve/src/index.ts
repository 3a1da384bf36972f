export { createAdmission, LIMITS, type Limits } from './admission.ts';
export { type ApiKey, parseApiKeys } from './api-keys.ts';
export { type AppOptions, createApp } from './app.ts';
export { ServeError } from './error.ts';
export { expectFreePort } from './listen.ts';
export { CONNECTIONS, GRACE_MS, type ServingOptions } from './listening.ts';
export { createLog, LOG_LEVELS, type Log, type LogLevel } from './log.ts';
export type { ModelSource } from './model-files.ts';
export { type Model, type ModelEvent, type Models, oneModel, type Registry } from './registry.ts';
export {
  type ModelServer,
  type RunningServer,
  type ServerOptions,
  serveGenerator,
  startServer,
} from './server.ts';
export { createService, type Picture, type Service } from './service.ts';
export { startTracing, type Tracing } from './tracing.ts';
export { startWatch, type Watch, type Watched } from './watch.ts';
