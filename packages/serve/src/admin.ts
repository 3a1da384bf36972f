/** What an operator does: models are loaded and unloaded, as Triton's repository extension has it. Not for clients. */
import { quote } from '@ganport/model';
import express, { type Express, type Request } from 'express';
import * as z from 'zod';
import { accessRules } from './access.ts';
import { type ApiKey, expectApiKey } from './api-keys.ts';
import { bodyBytes, parseBytes, readBody } from './body.ts';
import { healthRoutes } from './health-api.ts';
import { answerError, HttpError } from './http-error.ts';
import { answerInferError } from './infer-api.ts';
import type { Metrics } from './metrics.ts';
import { parseRequest } from './parameters.ts';
import type { ModelEvent, Registry } from './registry.ts';
import { identify } from './request-id.ts';
import { createRouter } from './router.ts';

export interface AdminOptions {
  models: Registry;
  metrics: Metrics;
  /** Shown as `Authorization: Bearer`. */
  token: ApiKey;
}

const MAX_BODY_BYTES = 2 ** 14;

const indexRequest = z.object({ ready: z.boolean().default(false) });
const loadRequest = z.object({ parameters: z.strictObject({}).optional() });
const unloadRequest = z.object({
  // There are none.
  parameters: z.strictObject({ unload_dependents: z.boolean().optional() }).optional(),
});

/**
 * `POST /v2/repository/index` lists versions, with `ready` those that are served; `POST /v2/repository/models/NAME/load` takes over what has changed, also of one
 * that was unloaded; `/unload` serves it no longer; `POST /reload` takes over what has changed of all. Their answers say
 * what was loaded and refused. `GET /metrics` and `/livez`, `/startupz`, `/readyz` are as clients see them.
 */
export function createAdminApp({ models, metrics, token }: AdminOptions): Express {
  const app = express();
  app.disable('x-powered-by').enable('case sensitive routing');
  app.use(identify, (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(healthRoutes(models));
  const expectToken = expectApiKey([token], 'token');
  app.use(accessRules({ allowedHosts: [] }));
  app.use((request, _response, next) => {
    expectToken(request);
    next();
  });
  app.get('/metrics', metrics.answer);
  const router = createRouter();
  router.use('/v2', readBody(MAX_BODY_BYTES));
  router.post('/v2/repository/index', (request, response) => {
    const { ready } = given(indexRequest, request);
    response.json(indexOf(models).filter(({ state }) => !ready || state === 'READY'));
  });
  router.post('/v2/repository/models/:name/load', async (request, response) => {
    given(loadRequest, request);
    const events = await models.load(nameIn(request));
    response.status(isRefused(events) ? 422 : 200).json({ events: events.map(tellEvent) });
  });
  router.post('/v2/repository/models/:name/unload', async (request, response) => {
    given(unloadRequest, request);
    await models.unload(nameIn(request));
    response.json({ events: [] });
  });
  router.post('/reload', async (_request, response) => {
    const events = await models.refresh();
    response.status(isRefused(events) ? 422 : 200).json({ events: events.map(tellEvent) });
  });
  app.use(router);
  app.use((request) => {
    throw new HttpError(404, `there is nothing at ${quote(`${request.method} ${request.path}`)}`);
  });
  app.use('/v2', answerInferError);
  app.use(answerError);
  return app;
}

/** What a body says, of any Content-Type; what none says. @throws HttpError 400 */
function given<S extends z.ZodType>(schema: S, request: Request): z.output<S> {
  const bytes = request.body === undefined ? new Uint8Array() : bodyBytes(request);
  return parseRequest(schema, bytes.length === 0 ? {} : parseBytes(bytes));
}

function nameIn({ params }: Request): string {
  return (params as Record<string, string>).name!;
}

interface Listed {
  name: string;
  version?: string;
  state: 'READY' | 'UNAVAILABLE';
  reason?: string;
}

function indexOf(models: Registry): Listed[] {
  return models.list().flatMap(({ name, versions, refused }): Listed[] => {
    if (versions.size === 0) {
      const [error] = refused.values();
      return [{ name, state: 'UNAVAILABLE', reason: error?.message ?? 'unloaded' }];
    }
    return [...versions.keys()].map((version) => ({ name, version, state: 'READY' }));
  });
}

function isRefused(events: readonly ModelEvent[]): boolean {
  return events.some(({ type }) => type === 'refused');
}

function tellEvent(event: ModelEvent): object {
  const { type, name, version } = event;
  const reason = event.type === 'refused' ? { reason: event.error.message } : {};
  return { type, name, version, ...reason };
}
