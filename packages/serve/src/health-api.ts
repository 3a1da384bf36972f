/** Whether the process lives, has started, and lets pictures in; and which models there are. */
import type { Response, Router } from 'express';
import * as z from 'zod';
import type { Operation } from './operation.ts';
import { onlyReads } from './reads.ts';
import type { Models } from './registry.ts';
import { createRouter } from './router.ts';

const healthAnswer = z
  .object({
    status: z.enum(['starting', 'ready', 'unloaded', 'draining']),
    device: z.string().optional(),
  })
  .meta({ id: 'Health' });

const modelsAnswer = z
  .object({
    models: z.array(
      z.object({
        name: z.string(),
        versions: z.array(
          z.object({
            version: z.string(),
            sha256: z.string().meta({ description: 'Of generator.onnx' }),
            bytes: z.int(),
            device: z.string(),
          }),
        ),
      }),
    ),
    object: z.literal('list'),
    data: z
      .array(
        z.object({
          id: z.string(),
          object: z.literal('model'),
          created: z.int(),
          owned_by: z.string(),
        }),
      )
      .meta({ description: 'The same for OpenAI’s SDK' }),
  })
  .meta({ id: 'Models' });

export type ModelsAnswer = z.output<typeof modelsAnswer>;

const words = { 'text/plain': z.string() };

export const healthOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/v1/health', id: 'health', tag: 'health' },
    summary: 'Whether pictures are let in',
    answers: { 'application/json': healthAnswer },
    errors: [503],
    error: healthAnswer,
  },
  {
    ...{ method: 'get', path: '/livez', id: 'live', tag: 'health' },
    summary: 'Whether the process answers',
    answers: words,
    errors: [],
  },
  {
    ...{ method: 'get', path: '/startupz', id: 'started', tag: 'health' },
    summary: 'Whether all models were loaded once',
    answers: words,
    errors: [],
  },
  {
    ...{ method: 'get', path: '/readyz', id: 'ready', tag: 'health' },
    summary: 'Whether pictures are let in',
    answers: words,
    errors: [],
  },
  {
    ...{ method: 'get', path: '/v1/models', id: 'models', tag: 'model' },
    summary: 'Which models and versions there are',
    description: 'What one of them answers is at its own addresses too, below /models/NAME/.',
    answers: { 'application/json': modelsAnswer },
    errors: [],
  },
];

/**
 * `/livez`: a process that answers lives, whatever waits. `/startupz`: all models were loaded once. `/readyz`: it lets
 * pictures in; not while it starts, while its default model is unloaded, nor once it is to stop.
 */
export function healthRoutes(models: Models): Router {
  const router = createRouter();
  router.use(['/livez', '/startupz', '/readyz', '/v1/health'], onlyReads);
  const answer = (response: Response, good: boolean, word: string) => {
    response.set('Cache-Control', 'no-store').status(good ? 200 : 503);
    response.type('text').send(word);
  };
  router.get('/livez', (_request, response) => answer(response, true, 'ok'));
  router.get('/startupz', (_request, response) =>
    answer(response, models.ready, models.ready ? 'ok' : 'starting'),
  );
  router.get('/readyz', (_request, response) => {
    const now = stateOf(models);
    answer(response, now === 'ready', now === 'ready' ? 'ok' : now);
  });
  router.get('/v1/health', (_request, response) => {
    const status = stateOf(models);
    const device = defaultDevice(models);
    response.set('Cache-Control', 'no-store').status(status === 'ready' ? 200 : 503);
    response.json({ status, device });
  });
  return router;
}

/** The same in the Open Inference Protocol's words, which are not those of a model and so there without any. */
export function inferHealthRoutes(models: Models): Router {
  const router = createRouter();
  router.get('/v2/health/live', (_request, response) => response.json({ live: true }));
  router.get('/v2/health/ready', (_request, response) => {
    const ready = stateOf(models) === 'ready';
    response.status(ready ? 200 : 503).json({ ready });
  });
  return router;
}

function stateOf(models: Models) {
  if (models.admission.draining) return 'draining';
  if (!models.ready) return 'starting';
  return defaultDevice(models) === undefined ? 'unloaded' : 'ready';
}

/** What draws the default model; nothing while that is not loaded. */
function defaultDevice(models: Models): string | undefined {
  const [first] = models.list();
  return models.ready && first!.versions.size > 0 ? models.find().generator.device : undefined;
}

const OPENAI_MODEL = { object: 'model', created: 0, owned_by: 'ganport' } as const;

/** `/v1/models`: which there are. */
export function listRoutes(models: Models): Router {
  const router = createRouter();
  router.get('/v1/models', onlyReads, (_request, response) => {
    const described = models.list().map(({ name, versions }) => ({
      name,
      versions: [...versions.values()].map(({ version, generator }) => ({
        version,
        ...{ sha256: generator.sha256, bytes: generator.file.length, device: generator.device },
      })),
    }));
    // OpenAI's SDK reads these; a time that is not known is 0.
    const data = described.map(({ name: id }) => ({ id, ...OPENAI_MODEL }));
    response.set('Cache-Control', 'no-store').json({ models: described, object: 'list', data });
  });
  return router;
}
