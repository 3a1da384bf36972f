/** All that the service answers to, as openapi.json says it. */
import * as z from 'zod';
import { generationsOperations } from './generations-api.ts';
import { healthOperations } from './health-api.ts';
import { imageOperations } from './images-api.ts';
import { inferOperations } from './infer-operations.ts';
import { interpolateOperations } from './interpolate-api.ts';
import { modelOperations } from './model-api.ts';
import { describeOperations } from './openapi.ts';
import { file, type Operation } from './operation.ts';
import { sampleOperations } from './sample-api.ts';
import { version } from './version.ts';

const OWN: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/metrics', id: 'metrics', tag: 'health' },
    summary: 'What the service does, as Prometheus reads it',
    answers: { 'text/plain': z.string() },
    errors: [],
  },
  {
    ...{ method: 'get', path: '/openapi.json', id: 'document', tag: 'documents' },
    summary: 'This document',
    answers: { 'application/json': z.looseObject({ openapi: z.string() }) },
    errors: [],
  },
  {
    ...{ method: 'get', path: '/docs', id: 'docs', tag: 'documents' },
    summary: 'It as a page',
    answers: { 'text/html': z.string() },
    errors: [],
  },
  {
    ...{ method: 'get', path: '/docs/{file}', id: 'docs-file', tag: 'documents' },
    summary: 'What that page loads',
    params: z.object({ file: z.string() }),
    answers: { '*/*': file },
    errors: [404, 412, 416],
  },
];

export function serviceDocument(): object {
  const drawing = [
    ...imageOperations,
    ...sampleOperations,
    ...interpolateOperations,
    ...generationsOperations,
  ];
  const operations = [
    ...drawing,
    ...modelOperations,
    ...inferOperations,
    ...healthOperations,
    ...OWN,
  ];
  return describeOperations({ version, operations });
}
