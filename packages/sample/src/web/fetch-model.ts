/** A model from its address, or from where the browser kept it. */
import { sha256 as digestOf } from '@ganport/model';
import { SampleError } from '../error.ts';
import { type FetchOptions, fetchBytes } from './fetch-bytes.ts';

const CACHE = 'ganport-models';

/**
 * The bytes at an address; of a known digest, those that were kept under it.
 * @param sha256 64 hexadecimal characters
 * @throws SampleError if they cannot be had, have another digest, or the page has no digests to hold them to
 */
export async function fetchModel(
  url: string,
  { sha256, ...options }: Omit<FetchOptions, 'what'> & { sha256: string | undefined },
): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = sha256?.toLowerCase();
  // Before megabytes are downloaded for nothing.
  if (wanted && (await digestOf(new Uint8Array())) === undefined) {
    throw new SampleError(
      'sha256: browsers have no digests in a page that came over plain HTTP: serve it over https, or load the model without sha256',
    );
  }
  const cache = wanted && (await openCache());
  const kept = cache && (await cache.match(keyOf(wanted)));
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if ((await digestOf(bytes)) === wanted) {
      options.progress?.(bytes.length, bytes.length);
      return bytes;
    }
  }
  const bytes = await fetchBytes(url, { ...options, what: 'the model' });
  const got = wanted && (await digestOf(bytes));
  if (wanted !== got) {
    throw new SampleError(`the model at ${url}: expected SHA-256 ${wanted}, got ${got}`);
  }
  // Full storage is no reason not to draw.
  if (cache) await cache.put(keyOf(wanted!), new Response(bytes)).catch(() => {});
  return bytes;
}

/** Undefined where there is no storage, or none for this page. */
async function openCache(): Promise<Cache | undefined> {
  try {
    return await caches.open(CACHE);
  } catch {
    return undefined;
  }
}

/** Caches have addresses for keys. */
function keyOf(sha256: string): string {
  return new URL(`/.ganport/${sha256}.onnx`, location.href).href;
}
