/** A version that cannot be loaded for a moment is no bad one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRegistry } from '../src/registry.ts';
import { slowGenerator } from './slow-generator.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganport-passing-'));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['EMFILE', ['refused', 'loaded']],
  ['EIO', ['refused', 'loaded']],
  // Of the file: it is not read again until somebody asks.
  ['EACCES', ['refused']],
])('after %s, looks come to %j', async (code, expected) => {
  const { generator } = await slowGenerator();
  const path = join(folder, 'a.onnx');
  await writeFile(path, generator.file);
  let failure: Error | undefined;
  const models = createRegistry({
    sources: [{ model: path }],
    async load() {
      if (failure) throw failure;
      return { generator, picturesPerSecond: 1 };
    },
  });
  await models.start();
  const looks = async () => [
    ...(await models.refresh({ settled: true })),
    ...(await models.refresh({ settled: true })),
  ];
  await writeFile(path, 'another');
  const cause = Object.assign(new Error(code), { code });
  failure = new ModelError(`cannot read ${path}`, { cause });
  const events = await looks();
  failure = undefined;
  events.push(...(await looks()));
  expect(events.map(({ type }) => type)).toEqual(expected);
  await models.close();
});
