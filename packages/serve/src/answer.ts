/** Pictures as answers. */
import type { Images } from '@ganport/model';
import { encodeImages } from '@ganport/sample/node';
import type { Response } from 'express';
import * as z from 'zod';
import { base64 } from './operation.ts';

/** Of several pictures. */
export const FORMATS = ['grid', 'npy', 'raw', 'json'] as const;

export const imagesAnswer = z
  .object({
    shape: z.array(z.int()).length(4).meta({ description: '[N, H, W, C]' }),
    data: base64.meta({ description: 'Levels, uint8 [N, H, W, C]' }),
  })
  .meta({ id: 'Images' });

/** A body, and what the headers of an answer say of it. */
export interface Drawn {
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/**
 * `grid` is one PNG; `npy` and `raw` are uint8 [N, H, W, C], whose shape X-Shape tells; `json` has both.
 * @throws SampleError for a grid that is too large
 */
export async function drawnImages(
  images: Images,
  format: (typeof FORMATS)[number],
): Promise<Drawn> {
  const { count, height, width, channels, data } = images;
  const shape = [count, height, width, channels];
  if (format === 'json') {
    const text = JSON.stringify({ shape, data: bufferOf(data).toString('base64') });
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    return { headers, body: Buffer.from(text) };
  }
  if (format === 'grid') return drawnPicture(await encodeImages(images, 'png'), 'png');
  const headers = { 'Content-Type': 'application/octet-stream', 'X-Shape': shape.join(',') };
  return { headers, body: bufferOf(await encodeImages(images, format)) };
}

/** A file of one picture. */
export function drawnPicture(file: Uint8Array, format: 'png' | 'webp'): Drawn {
  return { headers: { 'Content-Type': `image/${format}` }, body: bufferOf(file) };
}

export function answerDrawn(response: Response, { headers, body }: Drawn): void {
  response.set(headers).send(body);
}

/** The same bytes: express takes others for an object. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** One of several. */
export function pictureOf(images: Images, i: number): Images {
  const bytes = images.data.length / images.count;
  return { ...images, count: 1, data: images.data.subarray(i * bytes, (i + 1) * bytes) };
}
