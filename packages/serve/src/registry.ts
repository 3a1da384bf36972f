/** Models by name, their versions, and how new ones take the place of old ones. */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { quote } from '@ganport/model';
import type { LoadedGenerator, ModelFile } from '@ganport/sample/node';
import { type Admission, createAdmission } from './admission.ts';
import { createChanges, merged } from './changes.ts';
import { ServeError } from './error.ts';
import { createHolds } from './holds.ts';
import { HttpError } from './http-error.ts';
import {
  findVersions,
  type ModelSource,
  nameOf,
  readVersion,
  type VersionFile,
} from './model-files.ts';
import { createService, modelId, type Service } from './service.ts';
import { GRACE_MS } from './settings.ts';
import type { Warmed } from './warm.ts';

/** What became of a version. */
export type ModelEvent = { name: string; version: string } & (
  | { type: 'loaded'; generator: LoadedGenerator }
  /** It was not to be served; what was there before is. */
  | { type: 'refused'; error: Error }
  | { type: 'closed' }
);

export interface Model {
  readonly name: string;
  /** Those that are served, by version. */
  readonly versions: ReadonlyMap<string, Service>;
  /** By version, why its last file is not served; the one before may be. */
  readonly refused: ReadonlyMap<string, Error>;
  /** How many versions came to what so far. */
  readonly counts: Readonly<Record<ModelEvent['type'], number>>;
}

/** What is served. */
export interface Models {
  readonly admission: Admission;
  /** Whether all were loaded once. */
  readonly ready: boolean;
  /** The first is the default. */
  list(): readonly Model[];
  /**
   * @param name the default one's unless given, or the first 16 digits of a file's SHA-256
   * @param version the highest unless given
   * @throws HttpError 404 that says what there is; 503 before there is anything
   */
  find(name?: string, version?: string): Service;
  /** Keeps a version open until a response closes, though another takes its place meanwhile. */
  hold(service: Service, response: ServerResponse): void;
}

/** A generator that was loaded elsewhere, and is closed there. */
export function oneModel(service: Service): Models {
  const model: Model = {
    name: service.name,
    versions: new Map([[service.version, service]]),
    refused: new Map(),
    counts: { loaded: 1, refused: 0, closed: 0 },
  };
  return {
    admission: service.admission,
    ready: true,
    list: () => [model],
    find: (name, version) => findIn([model], name, version),
    hold() {},
  };
}

export interface Registry extends Models {
  /**
   * Loads what there is; resolves when each model has a version to serve. The versions beside it that are refused are
   * told to `onEvent`.
   * @throws what keeps a model from being served
   */
  start(): Promise<void>;
  /**
   * Takes over what has changed: a new version is loaded beside the old one, which serves on if the new one is refused.
   * Those who ask while one waits for its turn get what it comes to.
   * @param settled only what is as it was at the look before: whoever writes a file may not have done so to its end
   * @throws HttpError 503 once no change begins any longer, as `load` and `unload` do
   */
  refresh(options?: { settled?: boolean }): Promise<readonly ModelEvent[]>;
  /**
   * Takes over what has changed of one model, also of one that was unloaded.
   * @throws HttpError 404; 422 if there is nothing to load
   */
  load(name: string): Promise<readonly ModelEvent[]>;
  /** Serves a model no longer, until it is loaded. @throws HttpError 404 */
  unload(name: string): Promise<void>;
  /** Lets no change begin any longer; resolves when the one under way is made or given up, or this time is over. */
  endChanges(graceMs: number): Promise<void>;
  /** Ends changes, and closes all generators, once what was asked of them is drawn. */
  close(): Promise<void>;
}

export interface RegistryOptions {
  sources: readonly ModelSource[];
  /** Loads a generator, checks and warms it, unless the signal is aborted. @throws if it is not to be served */
  load(file: ModelFile, signal: AbortSignal): Promise<Warmed>;
  admission?: Admission;
  onEvent?: ((event: ModelEvent) => void) | undefined;
}

interface Entry extends Model {
  readonly source: ModelSource;
  readonly versions: Map<string, Service>;
  readonly counts: Record<ModelEvent['type'], number>;
  /** Signatures by version, as of the last look. */
  seen: ReadonlyMap<string, VersionFile>;
  /** Signatures by version, of what was loaded or refused. */
  readonly taken: Map<string, string | undefined>;
  readonly refused: Map<string, Error>;
  unloaded: boolean;
}

export function createRegistry({
  sources,
  load,
  admission = createAdmission(),
  onEvent = () => {},
}: RegistryOptions): Registry {
  const entries = new Map<string, Entry>();
  const holds = createHolds<Service>();
  const changes = createChanges();
  const { signal: ended } = changes;
  let ready = false;

  function entryOf(name: string): Entry {
    const entry = entries.get(name);
    if (entry) return entry;
    throw unknownModel(entries.values(), name);
  }

  function tell(entry: Entry, event: ModelEvent): void {
    entry.counts[event.type] += 1;
    onEvent(event);
  }

  function retire(entry: Entry, service: Service): void {
    const { name, version, generator } = service;
    if (entry.versions.get(version) === service) entry.versions.delete(version);
    holds.endWhenFree(service, async () => {
      await generator.sampler.close();
      tell(entry, { type: 'closed', name, version });
    });
  }

  function retireAll(entry: Entry): void {
    for (const service of [...entry.versions.values()]) retire(entry, service);
    entry.taken.clear();
    entry.refused.clear();
  }

  /** Loads a version and swaps it in. */
  async function take(
    entry: Entry,
    version: string,
    found: VersionFile,
  ): Promise<ModelEvent | undefined> {
    const { name, versions, taken, refused } = entry;
    ended.throwIfAborted();
    const before = versions.get(version);
    try {
      const file = await readVersion(entry.source.model, found);
      if (!file) return undefined;
      taken.set(version, found.signature);
      refused.delete(version);
      if (before && before.generator.sha256 === sha256(file.bytes)) return undefined;
      const { generator, picturesPerSecond } = await load(file, ended);
      if (ended.aborted) {
        await generator.sampler.close();
        throw ended.reason;
      }
      const options = { name, version, admission, picturesPerSecond };
      versions.set(version, createService(generator, options));
      if (before) retire(entry, before);
      return { type: 'loaded', name, version, generator };
    } catch (error) {
      ended.throwIfAborted();
      // What was not the file's fault is tried again at the next look.
      taken.set(version, isPassing(error) ? undefined : found.signature);
      refused.set(version, error as Error);
      return { type: 'refused', name, version, error: error as Error };
    }
  }

  async function takeOver(entry: Entry, settled?: boolean): Promise<ModelEvent[]> {
    const events = await look(entry, settled);
    for (const event of events) tell(entry, event);
    return events;
  }

  async function look(entry: Entry, settled = false): Promise<ModelEvent[]> {
    const { source, versions, taken, refused } = entry;
    // What is gone for a moment, to be written anew, is served on.
    const found = await findVersions(source.model).catch(() => new Map<string, VersionFile>());
    const { seen } = entry;
    entry.seen = found;
    const events: ModelEvent[] = [];
    for (const [version, file] of found) {
      const { signature } = file;
      if (taken.has(version) && isKnown(entry, version, signature, settled)) continue;
      if (settled && seen.get(version)?.signature !== signature) continue;
      const event = await take(entry, version, file);
      if (event) events.push(event);
    }
    const others = [...versions.keys()].some((version) => found.has(version));
    for (const [version, service] of [...versions]) {
      if (found.has(version) || !others) continue;
      taken.delete(version);
      refused.delete(version);
      retire(entry, service);
    }
    return events;
  }

  async function begin(source: ModelSource): Promise<void> {
    const name = await nameOf(source);
    if (entries.has(name)) {
      throw new ServeError(`two models are called ${name}: name one of them, as NAME=PATH`);
    }
    const entry: Entry = {
      ...{
        name,
        source,
        versions: new Map(),
        seen: new Map(),
        taken: new Map(),
        refused: new Map(),
      },
      ...{ counts: { loaded: 0, refused: 0, closed: 0 }, unloaded: false },
    };
    entries.set(name, entry);
    const events = await look(entry);
    if (entry.versions.size > 0) {
      for (const event of events) tell(entry, event);
      return;
    }
    const [first] = events;
    throw first?.type === 'refused'
      ? first.error
      : new ServeError(`${name}: its file is being written to: try again when that is done`);
  }

  async function takeOverAll(settled: boolean): Promise<ModelEvent[]> {
    const events: ModelEvent[] = [];
    for (const entry of entries.values()) {
      if (!entry.unloaded) events.push(...(await takeOver(entry, settled)));
    }
    return events;
  }

  const refreshAll = merged(changes, () => takeOverAll(false));
  const refreshSettled = merged(changes, () => takeOverAll(true));

  const close = async () => {
    if (!ended.aborted) await changes.end(GRACE_MS);
    for (const entry of entries.values()) retireAll(entry);
    await holds.ended();
  };

  return {
    admission,
    get ready() {
      return ready;
    },
    list: () => [...entries.values()],
    find(name, version) {
      if (ready) return findIn([...entries.values()], name, version);
      throw new HttpError(503, 'the models are still being loaded', { 'Retry-After': '1' });
    },
    hold(service, response) {
      response.once('close', holds.take(service));
    },
    async start() {
      try {
        for (const source of sources) await changes.make(() => begin(source));
        ready = true;
      } catch (error) {
        await close();
        throw error;
      }
    },
    refresh: ({ settled = false } = {}) => (settled ? refreshSettled() : refreshAll()),
    load: (name) =>
      changes.make(async () => {
        const entry = entryOf(name);
        entry.unloaded = false;
        const events = await takeOver(entry);
        if (events.length > 0 || entry.versions.size > 0) return events;
        throw new HttpError(422, `${name}: its files are gone, or being written to`);
      }),
    unload: (name) =>
      changes.make(async () => {
        const entry = entryOf(name);
        entry.unloaded = true;
        retireAll(entry);
      }),
    endChanges: changes.end,
    close,
  };
}

/** Of a version whose file was taken before: whether it is the same one. Who asks for a refused one again gets it tried again. */
function isKnown(
  { taken, refused }: Entry,
  version: string,
  signature: string | undefined,
  settled: boolean,
): boolean {
  // What is gone is served on.
  const same = signature === undefined || taken.get(version) === signature;
  return same && (settled || !refused.has(version));
}

/** Of a system that is short of something, or a drive that is away for a moment. */
const PASSING = new Set([
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ESTALE',
]);

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '' } = error as NodeJS.ErrnoException;
  return PASSING.has(code) || isPassing(error.cause);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As `Models.find`, of models in their order. @throws HttpError 404 */
function findIn(models: readonly Model[], name: string | undefined, version?: string): Service {
  const model = name === undefined ? models[0]! : models.find((model) => model.name === name);
  if (!model) return withDigest(models, name!);
  const newest = [...model.versions.keys()].sort((a, b) => Number(b) - Number(a))[0];
  const service = model.versions.get(version ?? newest ?? '');
  if (service) return service;
  const there = [...model.versions.keys()].join(', ');
  throw new HttpError(
    404,
    there === ''
      ? `${model.name} is not loaded`
      : `there is no version ${quote(version)} of ${model.name}: expected ${there}`,
  );
}

function withDigest(models: readonly Model[], digits: string): Service {
  const services = models.flatMap(({ versions }) => [...versions.values()]);
  const found = services.find((service) => modelId(service) === digits);
  if (found) return found;
  throw unknownModel(models, digits);
}

function unknownModel(models: Iterable<Model>, name: string): HttpError {
  const names = Array.from(models, ({ name }) => name).join(', ');
  return new HttpError(404, `there is no model ${quote(name)}: expected ${names}`);
}
