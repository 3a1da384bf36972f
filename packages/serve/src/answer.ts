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

/**
 * `grid` is one PNG; `npy` and `raw` are uint8 [N, H, W, C], whose shape X-Shape tells; `json` has both.
 * @throws SampleError for a grid that is too large
 */
export async function answerImages(
  response: Response,
  images: Images,
  format: (typeof FORMATS)[number],
): Promise<void> {
  const { count, height, width, channels, data } = images;
  const shape = [count, height, width, channels];
  if (format === 'json') {
    response.json({ shape, data: bufferOf(data).toString('base64') });
  } else if (format === 'grid') {
    response.type('png').send(bufferOf(await encodeImages(images, 'png')));
  } else {
    response.type('application/octet-stream').set('X-Shape', shape.join(','));
    response.send(bufferOf(await encodeImages(images, format)));
  }
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
