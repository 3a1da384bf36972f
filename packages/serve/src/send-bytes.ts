/** Bytes as an answer, or the part of them that was asked for. */
import type { Request, Response } from 'express';
import { HttpError } from './http-error.ts';

/** The response has their ETag. @throws HttpError 416 for a range outside, 412 where If-Match names another file */
export function sendBytes(request: Request, response: Response, bytes: Uint8Array): void {
  const etag = response.get('ETag')!;
  const match = request.get('If-Match');
  if (match !== undefined && match !== '*' && !match.split(/\s*,\s*/).includes(etag)) {
    throw new HttpError(412, `If-Match: this file is ${etag}`);
  }
  response.set('Accept-Ranges', 'bytes');
  const ranges = (request.get('If-Range') ?? etag) === etag && request.range(bytes.length);
  if (ranges === -1) {
    throw new HttpError(416, `Range: this file has ${bytes.length} bytes`, {
      'Content-Range': `bytes */${bytes.length}`,
    });
  }
  // Several ranges at once, and what is no range, get the whole file.
  const range = Array.isArray(ranges) && ranges.type === 'bytes' && ranges.length === 1;
  const { start, end } = range ? ranges[0]! : { start: 0, end: bytes.length - 1 };
  if (range && !request.fresh) {
    response.status(206).set('Content-Range', `bytes ${start}-${end}/${bytes.length}`);
  }
  const { buffer, byteOffset } = bytes;
  response.send(Buffer.from(buffer, byteOffset + start, end + 1 - start));
}
