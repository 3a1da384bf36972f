/** `/openapi.json`, and a page that shows it and tries it out: Swagger UI, from this server alone. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Router } from 'express';
import { createRouter } from './router.ts';

/** Of swagger-ui-dist: its page would load a document from elsewhere. */
const ASSETS = ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>ganport: addresses</title>
    <link rel="icon" href="docs/favicon-32x32.png" />
    <link rel="stylesheet" href="docs/swagger-ui.css" />
    <script src="docs/swagger-ui-bundle.js" defer></script>
    <script src="docs/start.js" defer></script>
  </head>
  <body>
    <div id="docs"></div>
  </body>
</html>
`;

/** Without its validator, which is another host's. */
const START = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  syntaxHighlight: { theme: 'nord' },
});
`;

/** @param describe says what openapi.json does; it takes a while, and is called when that is asked for */
export function docsRoutes(describe: () => object): Router {
  let document: object | undefined;
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('swagger-ui-dist/package.json'));
  const router = createRouter();
  router.get('/openapi.json', (_request, response) => {
    document ??= describe();
    response.set('Cache-Control', 'no-cache').json(document);
  });
  router.get('/docs', (_request, response) => {
    response.set('Cache-Control', 'no-cache').type('html').send(PAGE);
  });
  router.get('/docs/start.js', (_request, response) => response.type('js').send(START));
  for (const name of ASSETS) {
    router.get(`/docs/${name}`, (_request, response) => response.sendFile(name, { root }));
  }
  return router;
}
