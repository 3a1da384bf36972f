/** docs/config.md and docs/config.schema.json are what the schemas say; `-u` writes them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { resolveConfig } from '../src/config.ts';
import { configJsonSchema, configPage, fields } from './config-reference.ts';

const docs = (name: string) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));

test('docs/config.md is up to date', async () => {
  await expect(configPage()).toMatchFileSnapshot(docs('config.md'));
});

test('docs/config.schema.json is up to date', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(docs('config.schema.json'));
});

test.each(fields().map(({ path, meaning, takes }) => [path, meaning, takes] as const))(
  '%s says what it is, by .describe() in its schema',
  (_, meaning, takes) => {
    expect(meaning).toBeTruthy();
    expect(takes).not.toMatch(/undefined|NaN/);
  },
);

const example = (name: string) =>
  JSON.parse(readFileSync(docs(`../examples/${name}.json`), 'utf8'));

test.each<[object, boolean]>([
  [example('small'), true],
  [example('settings'), true],
  [{ $schema: '../docs/config.schema.json', data: 'folder:cats', loss: 'wgan-gp' }, true],
  [{ adam: { beta2: 0.9 }, every: { metrics: 3 } }, true],
  [{ augmentProbability: { from: 0, to: 1, steps: 9, shape: 'cosine' } }, true],
  [{ data: 'cats' }, false],
  [{ batch: 0 }, false],
  [{ bacth: 1 }, false],
  [{ generator: { inputs: { z: [4] }, layers: [{ type: 'noSuchLayer' }] } }, false],
  [{ schedule: { type: 'linear' } }, false],
])('config.schema.json takes %j: %s, as resolveConfig does', (config, fits) => {
  const schema = z.fromJSONSchema(configJsonSchema());
  expect(schema.safeParse(config).success).toBe(fits);
  const resolving = () => resolveConfig([['a.json', config]]);
  if (fits) expect(resolving()).not.toHaveProperty('$schema');
  else expect(resolving).toThrow('a.json is not valid');
});
