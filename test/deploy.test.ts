/** What docs/deploy and docs/serving.md name is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVE_FLAGS } from '../packages/cli/src/serve-flags.ts';

const DOCS = new URL('../docs/', import.meta.url);
const FILES = [
  ...readdirSync(new URL('deploy/', DOCS)).map((name) => `deploy/${name}`),
  'serving.md',
];
const texts = FILES.map((name) => [name, readFileSync(new URL(name, DOCS), 'utf8')] as const);

/** Of secrets that have files otherwise. */
const SECRETS = ['GANPORT_API_KEYS', 'GANPORT_ADMIN_TOKEN'];
const variables = new Set([
  ...SECRETS,
  ...Object.keys(SERVE_FLAGS).map((name) => `GANPORT_${name.toUpperCase().replaceAll('-', '_')}`),
]);

test.each(texts)('%s names variables and flags that there are', (_, text) => {
  const named = text.match(/\bGANPORT_[A-Z_]+/g) ?? [];
  expect(named.filter((name) => !variables.has(name))).toEqual([]);
  const flags = [...text.matchAll(/`--([a-z][a-z-]+)/g)].map(([, name]) => name!);
  expect(flags.filter((name) => !Object.hasOwn(SERVE_FLAGS, name))).toEqual([]);
});

test('docs/serving.md names each metric that there is, and no other', async () => {
  const source = readFileSync(new URL('../packages/serve/src/metrics.ts', DOCS), 'utf8');
  const there = new Set(source.match(/ganport_[a-z_]+/g));
  const [, text] = texts.find(([name]) => name === 'serving.md')!;
  // Two are written as endings of the one before.
  const told = text
    .replaceAll(/`(ganport_inside)_pictures`, `_bytes`/g, '$1_pictures $1_bytes')
    .replaceAll('`_cancelled_total`', 'ganport_runs_cancelled_total');
  expect(new Set(told.match(/ganport_[a-z_]*[a-z]/g))).toEqual(there);
});
