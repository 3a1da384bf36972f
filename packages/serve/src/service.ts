/** What every protocol draws through: who is let in, until when, and what is kept. */
import type { SampleOptions } from '@ganport/sample';
import { encodeImages, type LoadedGenerator } from '@ganport/sample/node';
import type { Response } from 'express';
import { createGate, type Weight } from './gate.ts';
import { HttpError } from './http-error.ts';
import { createPictureCache } from './picture-cache.ts';

export interface Limits {
  /** Pictures of requests that were let in and have not been answered. */
  maxQueue: number;
  /** What their levels weigh together. */
  maxQueueBytes: number;
  /** Milliseconds from a request to its answer. */
  deadlineMs: number;
  /** Of encoded pictures that are kept. */
  cacheBytes: number;
}

export const LIMITS: Readonly<Limits> = {
  maxQueue: 1024,
  maxQueueBytes: 2 ** 28,
  deadlineMs: 30_000,
  cacheBytes: 2 ** 25,
};

/** Pictures of one request: a page full, and what they may weigh. */
const MAX_COUNT = 256;
const MAX_BYTES = 64 * 2 ** 20;

export interface Service {
  readonly generator: LoadedGenerator;
  /** What was let in and has not been answered. */
  readonly inside: Readonly<Weight>;
  readonly draining: boolean;
  /**
   * Lets a request in until its response closes.
   * @returns aborted with what it is to be answered: 504 after the deadline, 503 when the service is cut
   * off; or because the client has left
   * @throws HttpError 429 when there is no room, 503 when the service drains
   */
  admit(response: Response, pictures: number): AbortSignal;
  /** One picture as a file, drawn unless it is kept. @throws as `admit` */
  picture(response: Response, picture: Picture): Promise<Uint8Array>;
  /** Lets nobody in any longer. */
  drain(): void;
  /** Answers all who are inside with 503. */
  cutOff(): void;
}

/** What is chosen of pictures, apart from which they are. */
type Chosen = Pick<SampleOptions, 'label' | 'codes' | 'truncation'>;

export interface Picture extends Chosen {
  seed: number;
  index: number;
  format: 'png' | 'webp';
}

/** @param limits instead of `LIMITS`, any of them */
export function createService(generator: LoadedGenerator, limits: Partial<Limits> = {}): Service {
  const { maxQueue, maxQueueBytes, deadlineMs, cacheBytes } = { ...LIMITS, ...limits };
  const { sampler, sha256 } = generator;
  const { height, width, channels } = sampler.metadata.image;
  const gate = createGate({ pictures: maxQueue, bytes: maxQueueBytes });
  const cache = createPictureCache(cacheBytes);
  const admitted = new Set<AbortController>();
  let draining = false;

  function admit(response: Response, pictures: number): AbortSignal {
    if (draining) throw stopping();
    const leave = gate.enter({ pictures, bytes: pictures * height * width * channels });
    const controller = new AbortController();
    admitted.add(controller);
    const deadline = setTimeout(() => {
      const seconds = deadlineMs / 1000;
      controller.abort(new HttpError(504, `it was not drawn within ${seconds} s`));
    }, deadlineMs);
    response.once('close', () => {
      clearTimeout(deadline);
      admitted.delete(controller);
      controller.abort(new Error('the client has left'));
      leave();
    });
    return controller.signal;
  }

  return {
    generator,
    inside: gate.inside,
    get draining() {
      return draining;
    },
    admit,
    async picture(response, { seed, index, format, ...chosen }) {
      const key = `${sha256}/${seed}/${index}${chosenName(chosen)}.${format}`;
      const kept = cache.get(key);
      if (kept) return kept;
      const signal = admit(response, 1);
      const images = await sampler.sample({ seed, start: index, ...chosen, signal });
      const encoded = await encodeImages(images, format);
      cache.put(key, encoded);
      signal.throwIfAborted();
      return encoded;
    },
    drain() {
      draining = true;
    },
    cutOff() {
      for (const controller of admitted) controller.abort(stopping());
    },
  };
}

/** It as part of a name, another one for each choice. */
export function chosenName({ label, codes, truncation }: Chosen): string {
  const coded = codes && Object.entries(codes).map(([name, value]) => `.${name}.${value}`);
  return Object.entries({ c: label, i: coded?.join(''), t: truncation })
    .map(([letter, value]) => (value === undefined ? '' : `-${letter}${value}`))
    .join('');
}

/** How many pictures a request may ask for. */
export function mostPictures({ generator: { sampler } }: Pick<Service, 'generator'>): number {
  const { height, width, channels } = sampler.metadata.image;
  return Math.max(1, Math.min(MAX_COUNT, Math.floor(MAX_BYTES / (height * width * channels))));
}

function stopping(): HttpError {
  return new HttpError(503, 'the server is stopping', { 'Retry-After': '1' });
}
