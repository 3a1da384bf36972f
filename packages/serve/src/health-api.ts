/** Whether the process lives, has started, and lets pictures in; and which models there are. */
import type { Response, Router } from 'express';
import { onlyReads } from './reads.ts';
import type { Models } from './registry.ts';
import { createRouter } from './router.ts';

/**
 * `/livez`: a process that answers lives, whatever waits. `/startupz`: all models were loaded once. `/readyz`: it lets
 * pictures in; not while it starts, nor once it is to stop.
 */
export function healthRoutes(models: Models): Router {
  const state = () =>
    models.admission.draining ? 'draining' : models.ready ? 'ready' : ('starting' as const);
  const router = createRouter();
  router.use(['/livez', '/startupz', '/readyz', '/v1/health', '/v1/models'], onlyReads);
  const answer = (response: Response, good: boolean, word: string) => {
    response.set('Cache-Control', 'no-store').status(good ? 200 : 503);
    response.type('text').send(word);
  };
  router.get('/livez', (_request, response) => answer(response, true, 'ok'));
  router.get('/startupz', (_request, response) =>
    answer(response, models.ready, models.ready ? 'ok' : 'starting'),
  );
  router.get('/readyz', (_request, response) => {
    const now = state();
    answer(response, now === 'ready', now === 'ready' ? 'ok' : now);
  });
  router.get('/v1/health', (_request, response) => {
    const status = state();
    const device = models.ready ? { device: models.find().generator.device } : {};
    response.set('Cache-Control', 'no-store').status(status === 'ready' ? 200 : 503);
    response.json({ status, ...device });
  });
  router.get('/v1/models', (_request, response) => {
    const described = models.list().map(({ name, versions }) => ({
      name,
      versions: [...versions.values()].map(({ version, generator }) => ({
        version,
        ...{ sha256: generator.sha256, bytes: generator.file.length, device: generator.device },
      })),
    }));
    response.set('Cache-Control', 'no-store').json({ models: described });
  });
  return router;
}
