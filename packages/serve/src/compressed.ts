/** Files that do not change while the service runs, compressed when they are asked for first. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { RequestHandler } from 'express';
import { sendBytes } from './send-bytes.ts';

/** What is worth it; pictures are compressed already. */
const COMPRESSED = /^[\w.-]+\.(css|js|mjs|wasm)$/;
/** Of 0 … 11: takes the runtime's 14 MB to 2.8 in a second of the CPU, beside the event loop. */
const QUALITY = 5;

const compress = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes),
};
type Encoding = keyof typeof compress;

interface Encoded {
  bytes: Buffer;
  etag: string;
}

/**
 * Answers for a file of a folder in the encoding that the client likes best, and leaves to the next handler what there is no
 * file for, what is asked for in parts, and who takes none.
 * @param cacheControl of them all
 */
export function compressedFiles(
  root: string,
  cacheControl: string,
): (name: string) => RequestHandler {
  const known = new Map<string, Promise<Encoded | undefined>>();

  async function encode(name: string, encoding: Encoding): Promise<Encoded | undefined> {
    const file = await readFile(join(root, name)).catch(() => undefined);
    if (!file) return undefined;
    const bytes = await compress[encoding](file);
    const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
    return { bytes, etag: `"${digest}"` };
  }

  return (name) => async (request, response, next) => {
    if (!COMPRESSED.test(name)) return next();
    response.vary('Accept-Encoding');
    const encoding = request.acceptsEncodings('br', 'gzip') as Encoding | false;
    if (!encoding || request.get('Range') !== undefined) return next();
    const key = `${encoding} ${name}`;
    const encoded = await (known.get(key) ?? known.set(key, encode(name, encoding)).get(key)!);
    if (!encoded) {
      // Names of nothing are not kept.
      known.delete(key);
      return next();
    }
    response.set({ ETag: encoded.etag, 'Cache-Control': cacheControl });
    response.type(name.slice(name.lastIndexOf('.')));
    response.set('Content-Encoding', encoding);
    sendBytes(request, response, encoded.bytes);
  };
}
