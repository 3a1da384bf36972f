/** Pictures → images of one size in a file, once: decoded in parallel, written in their order. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ModelError, quote } from '@ganport/model';
import { fileError } from '@ganport/model/node';
import envPaths from 'env-paths';
import sharp from 'sharp';
import { labelsOf } from '../classes.ts';
import type { Dataset } from '../dataset.ts';
import { type OpenedImages, openImages, type Skipped, writeImages } from './image-file.ts';
import { mapInOrder } from './in-order.ts';
import { drawPicture, type Form, type Survey, surveyPicture } from './picture.ts';
import { defaultSize, type PictureSettings } from './settings.ts';
import type { Picture, PictureSource } from './source.ts';

/** Part of a cache's name: another, and it is made anew. */
const FORMAT = 1;

/** How many bad pictures are named. */
const NAMED = 20;

export interface PrepareProgress {
  what: 'looked at' | 'prepared';
  /** Pictures, so far and in all. */
  done: number;
  total: number;
}

export interface PrepareOptions {
  settings: PictureSettings;
  /** Folder of prepared pictures; in the user's cache unless given. */
  cache?: string | undefined;
  onPrepare?: ((progress: PrepareProgress) => void) | undefined;
  /** Told in one line what a person should know: of pictures left out, or a cache that is damaged. */
  onNotice?: ((line: string) => void) | undefined;
  /** Ends it after the picture under way. */
  signal?: AbortSignal | undefined;
}

/**
 * The images of pictures, from a file in the cache, which is made if it is not there or the pictures
 * or settings are others than it was made from. The data set is the caller's to close.
 * @throws ModelError if a picture is bad and none may be, if none is left, or the cache cannot be written; the signal's reason
 */
export async function prepared(source: PictureSource, options: PrepareOptions): Promise<Dataset> {
  const { settings, onNotice } = options;
  const { cache = join(envPaths('ganport', { suffix: '' }).cache, 'pictures') } = options;
  await mkdir(cache, { recursive: true }).catch((error: unknown) => {
    throw fileError(`make the folder ${cache} for prepared pictures`, error);
  });
  // Other pictures at the same place replace those that were there.
  const name = digest([source.path, settings]).slice(0, 32);
  const path = join(cache, `${name}.images`);
  const origin = digest([FORMAT, sharp.versions.vips, source.state]);
  let opened = await openImages(path, origin).catch((error: Error) => {
    onNotice?.(`${error.message}; the pictures are prepared anew`);
    return undefined;
  });
  if (!opened) {
    await prepare(source, { ...options, path, origin });
    opened = await openImages(path, origin);
  }
  if (!opened) {
    throw new ModelError(`${path} was written by another process meanwhile: try again`);
  }
  tellSkipped(opened, options);
  return opened.dataset;
}

async function prepare(
  source: PictureSource,
  { settings, path, origin, onPrepare, signal }: PrepareOptions & { path: string; origin: string },
): Promise<void> {
  const { name, count: total, classes } = source;
  const ahead = availableParallelism();
  const attempt = attempts(settings.onBadImage ?? 'fail');
  const surveys: Attempt<Survey>[] = [];
  if (settings.size === undefined || settings.channels === undefined) {
    const survey = ({ name, read }: Picture) =>
      attempt(name, async () => surveyPicture(await read()));
    for await (const surveyed of mapInOrder(source.pictures(), ahead, survey)) {
      signal?.throwIfAborted();
      surveys.push(surveyed);
      onPrepare?.({ what: 'looked at', done: surveys.length, total });
    }
  }
  const form = formOf(settings, surveys, source);
  const writer = await writeImages(path);
  try {
    const labels: number[] = [];
    const skipped: Skipped = { count: 0, lines: [] };
    let count = 0;
    let done = 0;
    const draw = async ({ name, read, label }: Picture) => ({
      label,
      ...(await attempt(name, async () => drawPicture(await read(), form))),
    });
    for await (const { value, why, label } of mapInOrder(source.pictures(), ahead, draw)) {
      signal?.throwIfAborted();
      done += 1;
      onPrepare?.({ what: 'prepared', done, total });
      if (value) {
        await writer.add(value);
        count += 1;
        if (label !== undefined) labels.push(label);
        continue;
      }
      skipped.count += 1;
      if (skipped.lines.length < NAMED) skipped.lines.push(why);
    }
    if (count === 0) throw noneLeft(source, skipped.lines[0]!);
    const { width: size, channels } = form;
    const described = { origin, name, count, size, channels, skipped, ...(classes && { classes }) };
    const all = classes && labelsOf(classes, count);
    all?.set(labels);
    await writer.finish(described, all);
  } finally {
    await writer.close();
  }
}

type Attempt<T> = { value: T; why?: undefined } | { value?: undefined; why: string };

/** Runs what may fail for a bad picture. */
function attempts(onBadImage: 'fail' | 'skip') {
  return async <T>(name: string, work: () => Promise<T>): Promise<Attempt<T>> => {
    try {
      return { value: await work() };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const why = `${quote(name)}: ${error.message}`;
      if (onBadImage === 'skip') return { why };
      throw new ModelError(
        `cannot train on ${why}; remove it, or leave out what cannot be read with --on-bad-image skip`,
      );
    }
  };
}

function formOf(
  settings: PictureSettings,
  surveys: readonly Attempt<Survey>[],
  source: PictureSource,
): Form {
  const { fit = 'crop', background = '#ffffff' } = settings;
  const [first] = surveys;
  const sound = surveys.flatMap(({ value }) => value ?? []);
  if (first?.why !== undefined && sound.length === 0) throw noneLeft(source, first.why);
  const size = settings.size ?? defaultSize(sound.map(({ side }) => side));
  return {
    height: size,
    width: size,
    channels: settings.channels ?? (sound.every(({ grey }) => grey) ? 1 : 3),
    fit,
    background,
  };
}

function noneLeft({ path, count }: PictureSource, first: string): ModelError {
  return new ModelError(`${path}: none of ${count} pictures can be read, the first: ${first}`);
}

function tellSkipped({ skipped, dataset }: OpenedImages, { onNotice }: PrepareOptions): void {
  const { count, lines } = skipped;
  for (const line of lines) onNotice?.(`left out ${line}`);
  if (count > lines.length) onNotice?.(`left out ${count - lines.length} more pictures`);
  if (count === 0) return;
  const left = new Set(dataset.labels);
  const empty = dataset.classes?.filter((_, label) => !left.has(label)).map(quote) ?? [];
  if (empty.length === 0) return;
  const more = empty.length > NAMED ? ` and ${empty.length - NAMED} more` : '';
  onNotice?.(
    `no picture is left of class ${empty.slice(0, NAMED).join(', ')}${more}, which stays a class`,
  );
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
