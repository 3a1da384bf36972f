export { createAdmission, type Limits } from './admission.ts';
export { type AppOptions, createApp } from './app.ts';
export { ServeError } from './error.ts';
export { expectFreePort } from './listen.ts';
export type { ServingOptions } from './listening.ts';
export { createLog, type Log } from './log.ts';
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
export {
  type ApiKey,
  CONNECTIONS,
  GRACE_MS,
  LIMITS,
  LOG_LEVELS,
  type LogLevel,
  parseApiKeys,
} from './settings.ts';
export { startTracing, type Tracing } from './tracing.ts';
export { startWatch, type Watch, type Watched } from './watch.ts';
