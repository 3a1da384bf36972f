/** A client of the service, for Node and for pages: its requests are typed by the schemas that check them. */
import type { ModelsAnswer } from '../health-api.ts';
import type { FramesAnswer, InterpolateRequest } from '../interpolate-api.ts';
import type { ModelAnswer } from '../model-api.ts';
import type { SampleRequest } from '../sample-api.ts';
import { base64Of, bytesOf, fileOf, jsonOf, shapeOf } from './answers.ts';
import { ask } from './ask.ts';
import { picturesOf, type StreamedPicture } from './pictures.ts';
import { ServiceError } from './service-error.ts';

export type { InterpolateRequest, ModelAnswer, ModelsAnswer, SampleRequest, StreamedPicture };
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
 * All of its requests reject with a ServiceError, or with the reason of their signal: for what the service refuses, and for
 * answers that it does not give.
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

  const get = (path: string, from: URL, { signal }: Cancellable = {}) => {
    const init = { headers: authorization };
    return ask(new URL(path, from), { fetch, retries, init, signal });
  };
  const post = (path: string, body: object, { signal }: Cancellable = {}) => {
    const headers = { 'Content-Type': 'application/json', ...authorization };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return ask(new URL(path, base), { fetch, retries, init, signal });
  };

  return {
    async model(options) {
      const response = await get('v1/model', base, options);
      return jsonOf<ModelAnswer>(response, options?.signal, 'metadata', isObject);
    },
    async models(options) {
      const response = await get('v1/models', root, options);
      const isIt = Array.isArray;
      return (await jsonOf<ModelsAnswer>(response, options?.signal, 'models', isIt)).models;
    },
    sample: async (request, options) =>
      fileOf(await post('v1/sample', request, options), options?.signal),
    async levels(request, options) {
      const response = await post('v1/sample', { ...request, format: 'raw' }, options);
      const data = await bytesOf(response, options?.signal);
      return { shape: shapeOf(response, data.length), data };
    },
    async *stream(request, options) {
      const response = await post('v1/sample', { ...request, stream: true }, options);
      yield* picturesOf(response, options?.signal);
    },
    interpolate: async (request, options) =>
      fileOf(await post('v1/interpolate', request, options), options?.signal),
    async frames(request, options) {
      const response = await post('v1/interpolate', { ...request, format: 'frames' }, options);
      const isIt = Array.isArray;
      const { frames } = await jsonOf<FramesAnswer>(response, options?.signal, 'frames', isIt);
      return frames.map((frame) => base64Of(response, frame));
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

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
