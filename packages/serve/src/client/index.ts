/** A client of the service, for Node and for pages: its requests are typed by the schemas that check them. */
import type { ModelsAnswer } from '../health-api.ts';
import type { FramesAnswer, InterpolateRequest } from '../interpolate-api.ts';
import type { ModelAnswer } from '../model-api.ts';
import type { SampleRequest } from '../sample-api.ts';
import type { StreamLine } from '../stream.ts';
import { ask } from './ask.ts';
import { jsonLines } from './lines.ts';
import { ServiceError } from './service-error.ts';

export type { InterpolateRequest, ModelAnswer, ModelsAnswer, SampleRequest };
export { ServiceError };

export interface ClientOptions {
  /** The model that draws; the default one unless given. */
  model?: string;
  /** Where the service asks for one. */
  apiKey?: string;
  /** How often a request is made again that was refused with 429 or 503, when the server said: 2. */
  retries?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

export interface Cancellable {
  /** Takes the request back: it rejects with the signal's reason, and the server draws no longer. */
  signal?: AbortSignal;
}

type SeedOrSeeds = Omit<SampleRequest, 'format' | 'stream'>;

export interface StreamedPicture {
  seed: number;
  index: number;
  /** A PNG, a WebP, or levels [H, W, C]. */
  data: Uint8Array;
}

export interface Client {
  /** What the generator is. */
  model(options?: Cancellable): Promise<ModelAnswer>;
  /** Which models and versions there are. */
  models(options?: Cancellable): Promise<ModelsAnswer['models']>;
  /** A file: a PNG unless `format` says otherwise. */
  sample(
    request: SeedOrSeeds & { format?: 'png' | 'webp' | 'grid' | 'npy' },
    options?: Cancellable,
  ): Promise<Uint8Array>;
  /** Levels, uint8 [N, H, W, C]. */
  levels(
    request: SeedOrSeeds,
    options?: Cancellable,
  ): Promise<{ shape: [number, number, number, number]; data: Uint8Array }>;
  /**
   * Pictures while they are drawn, of any number of which few are in memory. Leaving the loop ends the drawing.
   * @throws ServiceError also when it ends before its end
   */
  stream(
    request: SeedOrSeeds & { format?: 'png' | 'webp' | 'raw' },
    options?: Cancellable,
  ): AsyncGenerator<StreamedPicture, void>;
  /** An animated WebP, or a grid as a PNG. */
  interpolate(
    request: Omit<InterpolateRequest, 'format'> & { format?: 'webp' | 'grid' },
    options?: Cancellable,
  ): Promise<Uint8Array>;
  /** PNGs. */
  frames(
    request: Omit<InterpolateRequest, 'format' | 'fps'>,
    options?: Cancellable,
  ): Promise<Uint8Array[]>;
  /** The address of a picture, for an `<img>`. */
  pictureUrl(
    seed: number,
    index: number,
    choice?: { class?: string | number; truncation?: number; format?: 'png' | 'webp' },
  ): string;
}

/**
 * All of its requests reject with a ServiceError for what the service refuses.
 * @param url where the service is, such as http://localhost:3000/
 */
export function createClient(
  url: string | URL,
  { model, apiKey, retries = 2, fetch = globalThis.fetch }: ClientOptions = {},
): Client {
  const root = new URL(url);
  if (!root.pathname.endsWith('/')) root.pathname += '/';
  const base = model === undefined ? root : new URL(`models/${encodeURIComponent(model)}/`, root);
  const authorization = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };

  const get = async <T>(path: string, from: URL, { signal }: Cancellable = {}): Promise<T> => {
    const init = { headers: authorization };
    const response = await ask(new URL(path, from), { fetch, retries, init, signal });
    return (await response.json()) as T;
  };
  const post = (path: string, body: object, { signal }: Cancellable = {}) => {
    const headers = { 'Content-Type': 'application/json', ...authorization };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return ask(new URL(path, base), { fetch, retries, init, signal });
  };

  return {
    model: (options) => get('v1/model', base, options),
    models: async (options) => (await get<ModelsAnswer>('v1/models', root, options)).models,
    sample: async (request, options) => bytesOf(await post('v1/sample', request, options)),
    async levels(request, options) {
      const response = await post('v1/sample', { ...request, format: 'raw' }, options);
      const shape = response.headers.get('X-Shape')!.split(',').map(Number);
      const data = await bytesOf(response);
      return { shape: shape as [number, number, number, number], data };
    },
    async *stream(request, options) {
      const response = await post('v1/sample', { ...request, stream: true }, options);
      yield* picturesOf(response, options?.signal);
    },
    interpolate: async (request, options) =>
      bytesOf(await post('v1/interpolate', request, options)),
    async frames(request, options) {
      const response = await post('v1/interpolate', { ...request, format: 'frames' }, options);
      const { frames } = (await response.json()) as FramesAnswer;
      return frames.map(fromBase64);
    },
    pictureUrl(seed, index, { format = 'png', ...choice } = {}) {
      const address = new URL(`v1/images/${seed}/${index}.${format}`, base);
      for (const [name, value] of Object.entries(choice)) {
        if (value !== undefined) address.searchParams.set(name, String(value));
      }
      return address.href;
    },
  };
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** Statuses of errors that end a stream, whose own was sent before. */
const STATUSES: Readonly<Record<string, number>> = {
  internal: 500,
  service_unavailable: 503,
  gateway_timeout: 504,
};

async function* picturesOf(
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamedPicture, void> {
  const requestId = response.headers.get('X-Request-Id') ?? undefined;
  const cutOff = (cause?: unknown) => {
    const message = 'the pictures ended before their end';
    return new ServiceError(message, { code: 'cut_off', requestId, cause });
  };
  const lines = jsonLines(response.body!);
  try {
    for (;;) {
      const { value, done } = await lines.next().catch((cause) => {
        signal?.throwIfAborted();
        throw cutOff(cause);
      });
      if (done) throw cutOff();
      const line = value as StreamLine;
      if ('done' in line) return;
      if ('error' in line) {
        const { code, message } = line.error;
        throw new ServiceError(message, { status: STATUSES[code] ?? 0, code, requestId });
      }
      yield { ...line, data: fromBase64(line.data) };
    }
  } finally {
    await lines.return(undefined);
  }
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
