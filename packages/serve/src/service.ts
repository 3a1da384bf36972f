/** What every protocol draws through: one generator, by its name and version. */
import { quote } from '@ganport/model';
import type { SampleOptions } from '@ganport/sample';
import { encodeImages, type LoadedGenerator } from '@ganport/sample/node';
import type { Response } from 'express';
import { type Admission, createAdmission, type Responding } from './admission.ts';
import { HttpError } from './http-error.ts';
import { NAME } from './name.ts';

/** Pictures of one request: a page full, and what they may weigh. */
export const MAX_COUNT = 256;
const MAX_BYTES = 64 * 2 ** 20;

/** Of a model: a key of a map, and part of addresses, never of a path. */
export const FALLBACK_NAME = 'generator';

export interface Service {
  readonly name: string;
  readonly version: string;
  readonly generator: LoadedGenerator;
  readonly admission: Admission;
  /** What it draws when nothing is in its way, where that was measured. */
  readonly picturesPerSecond: number | undefined;
  readonly draining: boolean;
  /** Lets a request in for so many pictures, until its response closes: as `Admission.admit`. */
  admit(response: Responding, pictures: number): AbortSignal;
  /** The same as `Admission.admitParts`; of `pictures` at a time. */
  admitParts(response: Responding, pictures: number): ReturnType<Admission['admitParts']>;
  /** One picture as a file, drawn unless it is kept. @throws as `admit` */
  picture(response: Responding, picture: Picture): Promise<Uint8Array>;
}

/** What is chosen of pictures, apart from which they are. */
type Chosen = Pick<SampleOptions, 'label' | 'codes' | 'truncation'>;

export interface Picture extends Chosen {
  seed: number;
  index: number;
  format: 'png' | 'webp';
}

/** The model that a request names, or else the one it is sent to, kept open until it is answered. @throws HttpError 404, 503 */
export type FindService = (model: string | undefined, response: Response) => Service;

export interface ServiceOptions {
  /** The generator's own unless given; "generator" where that is none. */
  name?: string;
  version?: string;
  /** Shared by all that are served together. */
  admission?: Admission;
  picturesPerSecond?: number;
}

export function createService(
  generator: LoadedGenerator,
  {
    name = ownName(generator),
    version = '1',
    admission = createAdmission(),
    picturesPerSecond,
  }: ServiceOptions = {},
): Service {
  const { sampler, sha256 } = generator;
  const { height, width, channels } = sampler.metadata.image;
  const { cache } = admission;

  const weightOf = (pictures: number) => ({
    pictures,
    bytes: pictures * height * width * channels,
  });

  function admit(response: Responding, pictures: number): AbortSignal {
    return admission.admit(response, weightOf(pictures));
  }

  return {
    name,
    version,
    generator,
    admission,
    picturesPerSecond,
    get draining() {
      return admission.draining;
    },
    admit,
    admitParts: (response, pictures) => admission.admitParts(response, weightOf(pictures)),
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
  };
}

/** Digits of a model's SHA-256 that addresses may name it by. */
const ID_DIGITS = 16;

export function modelId({ generator }: Pick<Service, 'generator'>): string {
  return generator.sha256.slice(0, ID_DIGITS);
}

/** @throws HttpError 404 if a request names another model */
export function expectNamed(service: Service, model: string | undefined): Service {
  const id = modelId(service);
  if (model === undefined || model === id || model === service.name) return service;
  throw new HttpError(
    404,
    `model: this address draws with ${id}, got ${quote(model)}`,
    {},
    'model',
  );
}

function ownName({ sampler }: Pick<LoadedGenerator, 'sampler'>): string {
  const { name } = sampler.metadata;
  return NAME.test(name) ? name : FALLBACK_NAME;
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
