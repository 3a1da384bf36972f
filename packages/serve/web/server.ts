/** What the page asks of its server. */
import type { Images } from '@ganport/model';
import type { Drawn } from './drawing/drawn.ts';
import type { Model } from './model.ts';
import { type Wanted, wantedQuery } from './state.ts';

/** @throws Error in plain words; DOMException AbortError when it was taken back */
export async function getFromServer(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, signal ? { signal } : {}).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
    throw new Error('The server does not answer: it has ended, or the network is down.');
  });
  if (response.ok) return response;
  throw new Error(await refusalOf(response));
}

async function refusalOf(response: Response): Promise<string> {
  const body = await response.json().catch(() => undefined);
  const said = body?.error?.message;
  if (response.status === 429) return 'The server has too much to draw just now.';
  if (response.status === 503) return 'The server is stopping.';
  return said ? `The server refuses: ${said}.` : `The server answered ${response.status}.`;
}

/** Digits of the model's digest, with which an answer may be kept for ever. */
const MODEL_ID_DIGITS = 16;

/** Draws pictures 0 … count − 1 of a seed on the server. @throws as `getFromServer` */
export async function drawOnServer(
  { sha256, runtime, metadata }: Model,
  { count, ...wanted }: Wanted & { count: number },
  signal: AbortSignal,
): Promise<Drawn> {
  const query = wantedQuery(wanted, metadata);
  query.set('count', String(count));
  query.set('format', 'raw');
  query.set('model', sha256.slice(0, MODEL_ID_DIGITS));
  const started = performance.now();
  const response = await getFromServer(`v1/images/${wanted.seed}?${query}`, signal);
  const data = new Uint8Array(await response.arrayBuffer());
  const ms = performance.now() - started;
  const { width, height, channels } = metadata.image;
  if (data.length !== count * width * height * channels) {
    throw new Error(`The server sent ${data.length} bytes, which are not ${count} pictures.`);
  }
  const images: Images = { count, height, width, channels, data };
  return { images, ms, by: runtime };
}
