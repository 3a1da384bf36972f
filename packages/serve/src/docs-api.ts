/** `/openapi.json`, and a page that shows it and tries it out, from this server alone. */
import { fileURLToPath } from 'node:url';
import type { Router } from 'express';
import { type ApiDocument, renderDocument } from './docs-page.ts';
import { createRouter } from './router.ts';

const ROOT = fileURLToPath(new URL('../docs-page/', import.meta.url));
const ASSETS = ['style.css', 'try.js'];

/** @param describe says what openapi.json does; it takes a while, and is called when that is asked for */
export function docsRoutes(describe: () => object): Router {
  let document: object | undefined;
  let page: string | undefined;
  const router = createRouter();
  router.get('/openapi.json', (_request, response) => {
    document ??= describe();
    response.set('Cache-Control', 'no-cache').json(document);
  });
  router.get('/docs', (_request, response) => {
    document ??= describe();
    page ??= renderDocument(document as ApiDocument);
    response.set('Cache-Control', 'no-cache').type('html').send(page);
  });
  for (const name of ASSETS) {
    router.get(`/docs/${name}`, (_request, response) => response.sendFile(name, { root: ROOT }));
  }
  return router;
}
