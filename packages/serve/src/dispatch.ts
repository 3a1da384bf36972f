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
  router.use(asFolder);
  for (const below of ['/models/:model/versions/:version', '/models/:model']) {
    router.use(below, asFolder, byPath);
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

/** A page's own addresses are relative: where it is mounted, its address ends in a slash. */
function asFolder(...[request, response, next]: Parameters<RequestHandler>): void {
  const [path, query] = request.originalUrl.split('?');
  if (path !== request.baseUrl) next();
  else response.redirect(308, `${path}/${query === undefined ? '' : `?${query}`}`);
}
