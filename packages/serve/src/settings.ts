/** What a service can be told, and what holds otherwise: for flags, which are shown where nothing is served. */
import type { Limits } from './admission.ts';
import type { ConnectionLimits } from './connections.ts';

export { type ApiKey, parseApiKeys } from './api-keys.ts';
export { expectName } from './name.ts';
export { tracesUrl } from './tracing.ts';

export const LIMITS: Readonly<Limits> = {
  maxQueue: 512,
  maxQueueBytes: 2 ** 28,
  maxShare: 0.5,
  deadlineMs: 30_000,
  cacheBytes: 2 ** 25,
};

export const CONNECTIONS: Readonly<ConnectionLimits> = {
  maxConnections: 2048,
  maxPerAddress: 1024,
  stalledMs: 10_000,
  headersMs: 10_000,
  requestMs: 30_000,
};

/** Of `ServingOptions`. Container hosts wait for half a minute, systemd for longer. */
export const GRACE_MS = 10_000;

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
