/** Run folders as ZIP archives, and archives that are none. */
import { ModelError } from '@ganport/model';
import { memoryStore } from '@ganport/model/run';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { unzipRun, zipRun } from '../src/web/zip.ts';

const FILES = {
  'run.json': strToU8('{}'),
  'metrics.jsonl': strToU8('{"step":1}\n'),
  latest: strToU8('step-000001.safetensors\n'),
  'checkpoints/step-000001.safetensors': Uint8Array.of(1, 2, 3),
  'samples/step-000001.png': Uint8Array.of(4, 5),
  'data/train-images-idx3-ubyte': Uint8Array.of(6),
};

test('a run is packed with a folder of its name, and comes back', async () => {
  const bytes = await zipRun(memoryStore('mine', Object.entries(FILES)));
  expect(Object.keys(unzipSync(bytes)).sort()).toEqual(
    Object.keys(FILES)
      .map((name) => `mine/${name}`)
      .sort(),
  );
  const store = unzipRun(bytes, 'given.zip');
  expect(store.name).toBe('mine');
  expect(Object.fromEntries(store.files)).toEqual(FILES);
});

test('without a folder it has the archive’s name', () => {
  const store = unzipRun(zipSync(FILES), 'given.zip');
  expect(store.name).toBe('given');
  expect([...store.files.keys()].sort()).toEqual(Object.keys(FILES).sort());
});

test('what is no part of a run is left, whatever its name leads to', () => {
  const odd = {
    'mine/../../evil': strToU8('x'),
    'mine/checkpoints/../../evil': strToU8('x'),
    'mine/lock': strToU8('x'),
    '/etc/passwd': strToU8('x'),
    '__MACOSX/mine/run.json': strToU8('x'),
  };
  const store = unzipRun(zipSync({ 'mine/run.json': FILES['run.json'], ...odd }), 'given.zip');
  expect([...store.files.keys()]).toEqual(['run.json']);
});

test('a folder further down is taken, as `zip -r run.zip runs/mine` packs it', () => {
  const store = unzipRun(zipSync({ 'runs/mine/run.json': FILES['run.json'] }), 'run.zip');
  expect([store.name, ...store.files.keys()]).toEqual(['mine', 'run.json']);
});

test.each([
  ['no archive', strToU8('PK is not enough'), /^a\.zip is no ZIP archive, or a damaged one/],
  ['an archive that was cut', zipSync(FILES).subarray(0, 100), /is no ZIP archive, or a damaged/],
  ['no run', zipSync({ 'a/b/settings.json': FILES['run.json'] }), /^a\.zip has no run folder/],
])('%s is refused in one line', (_, bytes, expected) => {
  const error = (() => {
    try {
      unzipRun(bytes, 'a.zip');
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(ModelError);
  expect((error as Error).message).toMatch(expected);
  expect((error as Error).message).not.toContain('\n');
});

test('an archive that unpacks to more than there is room for is refused before it is unpacked', () => {
  const bytes = zipSync({ 'run.json': FILES['run.json'], 'data/zeros': new Uint8Array(1000) });
  // The directory's entry says 4 GB of it.
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 46 < bytes.length; at++) {
    const isEntry = view.getUint32(at, true) === 0x02014b50;
    if (isEntry && view.getUint32(at + 24, true) === 1000)
      view.setUint32(at + 24, 0xfffffff0, true);
  }
  expect(() => unzipRun(bytes, 'bomb.zip')).toThrow(
    'bomb.zip unpacks to more than 1073741824 bytes; a page has no room',
  );
});
