import { ModelError } from '@ganport/model';
import { expect, test } from 'vitest';
import { memoryDataset } from '../src/data/index.ts';

const [height, width, channels] = [2, 2, 3] as const;
const images = Uint8Array.from({ length: 4 * height * width * channels }, (_, i) => i);
const dataset = memoryDataset({ name: 'bytes', height, width, channels, images });

test('what is read are the bytes of the images at the indices, in their order', async () => {
  expect(dataset).toMatchObject({ name: 'bytes', count: 4, height, width, channels });
  const out = await dataset.read(Uint32Array.of(2, 0, 2));
  const from = (start: number) => Array.from({ length: 12 }, (_, i) => start + i);
  expect([...out]).toEqual([...from(24), ...from(0), ...from(24)]);
  expect(await dataset.read(new Uint32Array(0))).toHaveLength(0);
});

test('what is read can be written to without a change to the data', async () => {
  (await dataset.read(Uint32Array.of(1))).fill(0);
  expect([...(await dataset.read(Uint32Array.of(1)))]).toEqual([...images.subarray(12, 24)]);
});

test('an image that is not there is refused', async () => {
  const message = new ModelError('bytes has 4 images: got index 4');
  await expect(dataset.read(Uint32Array.of(0, 4))).rejects.toThrow(message);
});

test('the digest is the SHA-256 of the images followed by the labels', () => {
  // FIPS 180-2, appendix B.1: the digest of "abc".
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const [ab, c] = ['ab', 'c'].map((text) => new TextEncoder().encode(text));
  const one = { name: 'abc', height: 1, width: 1, channels: 1 } as const;
  expect(memoryDataset({ ...one, images: ab!, labels: c! }).sha256).toBe(expected);
  expect(memoryDataset({ ...one, images: Uint8Array.of(97, 98, 99) }).sha256).toBe(expected);
});
