/** Data that a page is given, beside Node's reading of the same files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { memoryStore } from '@ganport/model/run';
import { expect, onTestFinished, test } from 'vitest';
import { loadDataset } from '../src/index.ts';
import { dataOf, loadData } from '../src/web/data.ts';
import { allImages, idx } from './files.ts';

const fileOf = (name: string, bytes: Uint8Array) => new File([new Uint8Array(bytes)], name);
const levels = (count: number) => Array.from({ length: count }, (_, i) => (i * 37) % 256);

test.each([
  ['grey', [5, 3, 4], [7, 3, 7, 9, 3]],
  ['colour', [5, 3, 4, 3], undefined],
  ['channels first', [5, 3, 2, 4], [0, 1, 2, 1, 0]],
])(
  'an IDX file, %s, is read as in Node, and kept so that it is again',
  async (_, shape, labels) => {
    const folder = mkdtempSync(join(tmpdir(), 'ganport-page-data-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const name = `train-images-idx${shape.length}-ubyte`;
    const images = idx(shape, levels(shape.reduce((all, n) => all * n, 1)));
    const told = labels && idx([5], labels);
    writeFileSync(join(folder, name), images);
    if (told) writeFileSync(join(folder, 'train-labels-idx1-ubyte'), told);
    const node = await loadDataset({ source: 'idx', dataDir: folder });

    const page = await loadData({
      source: 'idx',
      images: fileOf(`${name}.gz`, gzipSync(images)),
      labels: told && fileOf('labels', told),
    });
    expect(page.dataset).toMatchObject({ sha256: node.sha256, count: 5, height: node.height });
    expect(page.dataset.classes).toEqual(node.classes);
    expect(await allImages(page.dataset)).toEqual(await allImages(node));
    const again = await dataOf(memoryStore('run', page.files));
    expect(again?.dataset.sha256).toBe(node.sha256);
  },
);

test('digits drawn by code are the same ones', async () => {
  const [page, node] = [
    await loadData({ source: 'glyphs' }),
    await loadDataset({ source: 'glyphs' }),
  ];
  expect(page.dataset.sha256).toBe(node.sha256);
  expect(page.files).toEqual([]);
  expect(await dataOf(memoryStore('run'))).toBeUndefined();
});

test('drawings are kept as Node reads them', async () => {
  const images = Uint8Array.from(levels(4 * 6));
  const given = { name: 'drawings', height: 2, width: 3, channels: 1, images } as const;
  const { dataset, files } = await loadData({ source: 'images', images: given });
  const folder = mkdtempSync(join(tmpdir(), 'ganport-page-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, bytes] of files) writeFileSync(join(folder, name.slice('data/'.length)), bytes);
  const node = await loadDataset({ source: 'idx', dataDir: folder });
  expect(node.sha256).toBe(dataset.sha256);
  expect(node.count).toBe(4);
});

test.each([
  ['a header alone', idx([9, 28, 28], []), /expected 7072 bytes for its shape \[9,28,28\], got 16/],
  [
    'half a header',
    idx([9, 28, 28], []).subarray(0, 9),
    /expected a header of 16 bytes, got 9 bytes/,
  ],
  ['another file', Buffer.from('{"this": "is JSON"}'), /expected an IDX file of unsigned bytes/],
  ['no images', idx([0, 28, 28], []), /it has no images/],
  ['a cut gzip file', gzipSync(idx([9, 8, 8], levels(576))).subarray(0, 200), /damaged gzip file/],
  ['a bomb', gzipSync(idx([300, 1024, 1024], [])), /at most 10 times as many are read/],
])('%s is refused in one line', async (_, bytes, expected) => {
  const images = fileOf('given', bytes);
  await expect(loadData({ source: 'idx', images })).rejects.toThrow(expected);
});

test('labels that are not the images’ are refused', async () => {
  const [images, labels] = [
    fileOf('i', idx([2, 2, 2], levels(8))),
    fileOf('l', idx([3], [0, 1, 2])),
  ];
  await expect(loadData({ source: 'idx', images, labels })).rejects.toThrow(
    'l: expected 2 labels, one for each image in i, got 3',
  );
});
