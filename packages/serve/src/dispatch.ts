/** From a request to the generator that answers it. */
import type { NextFunction, Request, RequestHandler, Response, Router } from 'express';
import type { Models } from './registry.ts';
import { createRouter } from './router.ts';
import type { Service } from './service.ts';

/**
 * `/models/NAME/…` and `/models/NAME/versions/VERSION/…` are addresses of that model; of the others, `/v2/models/…`,
 * `/v1/images/MODEL/…` and `/v1/images/…?model=` name one too. What names none is the default model's.
 * @param routesOf what a generator answers, below the address that names it; asked for once
 */
export function dispatchToModels(models: Models, routesOf: (service: Service) => Router): Router {
  const made = new WeakMap<Service, Router>();

  function handOver(service: Service, ...[request, response, next]: Parameters<RequestHandler>) {
    models.hold(service, response);
    response.locals.service = service;
    const routes = made.get(service) ?? routesOf(service);
    made.set(service, routes);
    routes(request, response, next);
  }

  const byPath = (request: Request, response: Response, next: NextFunction) => {
    const { model, version } = request.params as Record<string, string>;
    handOver(models.find(model, version), request, response, next);
  };

  const router = createRouter();
  for (const below of ['/models/:model/versions/:version', '/models/:model']) {
    router.use(below, (request, response, next) => {
      // The page's own addresses are relative.
      const [path, query] = request.originalUrl.split('?');
      if (path !== request.baseUrl) return byPath(request, response, next);
      response.redirect(308, `${path}/${query === undefined ? '' : `?${query}`}`);
    });
  }
  router.all(['/v2/models/:model/versions/:version{/*rest}', '/v2/models/:model{/*rest}'], byPath);
  router.all('/v1/images/:model/:seed/:file', byPath);
  router.use((request, response, next) => {
    const named = request.path.startsWith('/v1/images/') ? request.query.model : undefined;
    const service = models.find(typeof named === 'string' ? named : undefined);
    handOver(service, request, response, next);
  });
  return router;
}
