/**
 * Runs in a page: made, gone on with, looked after and handed out. All that it is given and gives can be sent between
 * threads, so that a page has it in a worker.
 */
import { ModelError } from '@ganport/model';
import { memoryStore, type RunStore, readRun } from '@ganport/model/run';
import { firstLine } from '@ganport/onnx';
import type { WebOptions, WebRuntime } from '@ganport/runtime';
import { type Overrides, resolveConfig, type TrainConfig } from '../config.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Metrics } from '../engine.ts';
import type { Score } from '../loop.ts';
import { linesOf, MAX_LOG_BYTES } from '../metrics-log.ts';
import { METRICS } from '../run-writer.ts';
import { dataOf, type GivenData, type LoadedData, loadData } from './data.ts';
import { opfsStore, runNames, runsFolder } from './opfs-store.ts';
import { startRun, type WebRun } from './run.ts';
import { whileItFits } from './while-it-fits.ts';
import { unzipRun, zipRun } from './zip.ts';

export type WebDevice = WebOptions['device'];

export interface TrainerOptions {
  /** The build of onnxruntime-web that has the device. */
  loadRuntime(device: WebDevice): Promise<WebRuntime>;
  /** A run as a generator.onnx: @ganport/export/web's, or none. */
  exportGenerator?(store: RunStore, ort: WebRuntime): Promise<Uint8Array>;
  /** Of what trains, for run.json. */
  versions: Record<string, string>;
}

export interface StartOptions {
  data: GivenData;
  /** Over the preset, as a configuration file has them. */
  settings: Overrides;
  device: WebDevice;
}

export interface GoOnOptions {
  /** The name of a run that is kept here, or a ZIP archive of a run folder. */
  run: string | File;
  /** Of a run whose folder has none; digits drawn by code need none. */
  data?: GivenData | undefined;
  /** What of the configuration is to be otherwise from now on. */
  settings?: Overrides | undefined;
  device: WebDevice;
}

interface ToldStep {
  step: number;
  metrics: Metrics;
}

/** What goes on, as it goes on. Steps are told several at a time; of a run that goes on, those that it has logged come first. */
export type TrainEvent =
  | { type: 'steps'; steps: ToldStep[] }
  | { type: 'samples'; step: number; png: Uint8Array }
  | { type: 'score'; score: Score }
  | { type: 'notice'; line: string }
  /** From here on the run is in memory only; what was kept before is as it was. */
  | { type: 'unkept'; why: string }
  | { type: 'ended'; step: number; interrupted: boolean; warnings: string[] }
  | { type: 'failed'; reason: string };

export interface Started {
  name: string;
  config: TrainConfig;
  dataset: Pick<Dataset, 'name' | 'count' | 'height' | 'width' | 'channels'>;
  /** What trains, and on what. */
  description: string;
  /** Steps done before. */
  step: number;
  /** Why nothing is kept when the page is closed, if so. */
  unkept: string | undefined;
}

export interface Trainer {
  /** Names of the runs that are kept here, and why none can be, if so. */
  kept(): Promise<{ runs: string[]; unkept: string | undefined }>;
  /** Resolves as training begins. @throws ModelError for settings or data that do not fit */
  start(options: StartOptions, tell: (event: TrainEvent) => void): Promise<Started>;
  /** @throws ModelError for what is no run, is trained in another page, or whose data are missing or others */
  goOn(options: GoOnOptions, tell: (event: TrainEvent) => void): Promise<Started>;
  /** Resolves once the run stands still, and all of its steps were told. */
  pause(): Promise<void>;
  step(): void;
  resume(): void;
  /** Ends training with a checkpoint. */
  stop(): Promise<void>;
  /** The run as it stands, as a ZIP archive of its folder. */
  zip(): Promise<Uint8Array>;
  /** The run's generator as it stands, as a generator.onnx. */
  generator(): Promise<Uint8Array>;
  /** Removes a run that is kept here. */
  forget(name: string): Promise<void>;
}

/** Between two events of steps, milliseconds. */
const TELL_EVERY_MS = 100;

interface Current {
  run: WebRun;
  store: RunStore;
  ort: WebRuntime;
  running: boolean;
  /** Tells the steps that were not told yet. */
  flush(): void;
}

export function createTrainer({ loadRuntime, exportGenerator, versions }: TrainerOptions): Trainer {
  let current: Current | undefined;
  let busy = false;

  /** One at a time: two would take turns with one runtime. */
  async function alone<T>(task: () => Promise<T>): Promise<T> {
    if (busy || current?.running) {
      throw new ModelError('a run is under way in this page: stop it first');
    }
    busy = true;
    try {
      return await task();
    } finally {
      busy = false;
    }
  }

  async function begin(
    { store: kept, unkept, release }: Place,
    { dataset }: LoadedData,
    config: TrainConfig,
    { device, resume }: { device: WebDevice; resume: boolean },
    tell: (event: TrainEvent) => void,
  ): Promise<Started> {
    const ort = await loadRuntime(device);
    const teller = tellSteps(tell);
    const store = whileItFits(kept, (why) => teller.tell({ type: 'unkept', why }));
    const past = resume ? await pastOf(store) : [];
    return new Promise((resolve, reject) => {
      let description: string | undefined;
      const run = startRun({
        ...{ ort, device, store, resume, versions, config, dataset },
        onStart(what, step) {
          description = what;
          const steps = past.filter((each) => each.step <= step);
          if (steps.length > 0) tell({ type: 'steps', steps });
          const { name, count, height, width, channels } = dataset;
          const size = { name, count, height, width, channels };
          resolve({ name: store.name, config, dataset: size, description, step, unkept });
        },
        onStep: teller.add,
        onScore: (score) => teller.tell({ type: 'score', score }),
        onSamples: (step, png) => teller.tell({ type: 'samples', step, png }),
        onNotice: (line) => teller.tell({ type: 'notice', line }),
      });
      const own: Current = { run, store, ort, running: true, flush: teller.flush };
      current = own;
      const end = (event: TrainEvent) => {
        own.running = false;
        release();
        teller.tell(event);
      };
      run.ended.then(
        ({ step, interrupted, warnings }) => {
          if (description === undefined) {
            // It had no more to do.
            reject(new ModelError(`${store.name} has done its ${step} steps: ask for more`));
          }
          end({ type: 'ended', step, interrupted, warnings });
        },
        (error: unknown) => {
          reject(error);
          end({ type: 'failed', reason: firstLine(error) });
        },
      );
    });
  }

  const present = (): Current => {
    if (current) return current;
    throw new ModelError('there is no run in this page yet');
  };

  return {
    async kept() {
      try {
        return { runs: await runNames(await runsFolder()), unkept: undefined };
      } catch (error) {
        return { runs: [], unkept: firstLine(error) };
      }
    },
    start: ({ data: given, settings, device }, tell) =>
      alone(async () => {
        const notice = (line: string) => tell({ type: 'notice', line });
        const loaded = await loadData(given, notice);
        const { dataset, data, files } = loaded;
        const config = resolveConfig([['the configuration', { ...settings, data }]], dataset);
        const place = await newPlace(config.name);
        try {
          for (const [name, bytes] of files) await place.store.write(name, bytes);
          return await begin(place, loaded, config, { device, resume: false }, tell);
        } catch (error) {
          place.release();
          // What did not begin is no run.
          const begun = await place.store.has('run.json').catch(() => true);
          if (!begun && place.unkept === undefined) await forget(place.store.name).catch(() => {});
          throw error;
        }
      }),
    goOn: ({ run: which, data: given, settings = {}, device }, tell) =>
      alone(async () => {
        const notice = (line: string) => tell({ type: 'notice', line });
        const place = typeof which === 'string' ? await placeOf(which) : await placeOfZip(which);
        const { store } = place;
        try {
          const { config: was } = await readRun(store);
          const sources = [
            [store.pathOf('run.json'), was],
            ['the configuration', settings],
          ] as const;
          const config = resolveConfig(sources);
          const loaded = given
            ? await loadData(given, notice)
            : ((await dataOf(store)) ?? (await dataNamed(config, store.name)));
          if (given) for (const [name, bytes] of loaded.files) await store.write(name, bytes);
          return await begin(place, loaded, config, { device, resume: true }, tell);
        } catch (error) {
          place.release();
          throw error;
        }
      }),
    async pause() {
      const { run, flush } = present();
      await run.pause();
      flush();
    },
    step: () => present().run.step(),
    resume: () => present().run.resume(),
    async stop() {
      const { run } = present();
      run.stop();
      // What went wrong was told.
      await run.ended.catch(() => undefined);
    },
    async zip() {
      const { run, store } = present();
      return run.whenSaved(() => zipRun(store));
    },
    async generator() {
      if (!exportGenerator) throw new ModelError('this page exports no generators');
      const { run, store, ort } = present();
      return run.whenSaved(() => exportGenerator(store, ort));
    },
    forget: (name) => forget(name),
  };
}

/** Metrics that a run has logged, as far as it has. */
async function pastOf(store: RunStore): Promise<ToldStep[]> {
  if (!(await store.has(METRICS))) return [];
  const lines = [...linesOf(await store.read(METRICS, MAX_LOG_BYTES))];
  return lines.flatMap(({ line }) => {
    const { step = 0, ...metrics } = line ?? {};
    return 'gLoss' in metrics ? [{ step, metrics: metrics as Metrics }] : [];
  });
}

/** What a configuration names, where a page has it. */
async function dataNamed({ data }: TrainConfig, run: string): Promise<LoadedData> {
  if (data === 'glyphs') return loadData({ source: 'glyphs' });
  throw new ModelError(`${run} was trained on ${data}, which is not in it: give its images too`);
}

/** Steps are told now and then, and before anything else. */
function tellSteps(tell: (event: TrainEvent) => void) {
  let steps: ToldStep[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (steps.length > 0) tell({ type: 'steps', steps });
    steps = [];
  };
  return {
    flush,
    add(step: number, metrics: Metrics) {
      steps.push({ step, metrics });
      timer ??= setTimeout(flush, TELL_EVERY_MS);
    },
    tell(event: TrainEvent) {
      flush();
      tell(event);
    },
  };
}

/** Where a run's files are, and are nobody else's until they are released. */
interface Place {
  store: RunStore;
  unkept: string | undefined;
  release(): void;
}

async function newPlace(name: string): Promise<Place> {
  try {
    const runs = await runsFolder();
    const taken = new Set(await runNames(runs));
    const free = freeName(name, taken);
    const release = await claim(free);
    return { store: await opfsStore(runs, free), unkept: undefined, release };
  } catch (error) {
    return unkeptPlace(memoryStore(name), error);
  }
}

async function placeOf(name: string): Promise<Place> {
  const runs = await runsFolder();
  if (!(await runNames(runs)).includes(name)) throw new ModelError(`no run ${name} is kept here`);
  const release = await claim(name);
  return { store: await opfsStore(runs, name), unkept: undefined, release };
}

/** Unpacked to where runs are kept, under another name if its own is taken. */
async function placeOfZip(zip: File): Promise<Place> {
  const unzipped = unzipRun(new Uint8Array(await zip.arrayBuffer()), zip.name);
  // Before anything is kept of what is no run.
  await readRun(unzipped);
  const place = await newPlace(unzipped.name);
  if (place.unkept !== undefined) return { ...place, store: unzipped };
  try {
    for (const [file, bytes] of unzipped.files) await place.store.write(file, bytes);
    return place;
  } catch (error) {
    place.release();
    await forget(place.store.name).catch(() => undefined);
    return unkeptPlace(unzipped, error);
  }
}

function unkeptPlace(store: RunStore, why: unknown): Place {
  return { store, unkept: firstLine(why), release: () => undefined };
}

async function forget(name: string): Promise<void> {
  const runs = await runsFolder();
  const release = await claim(name);
  try {
    await runs.removeEntry(name, { recursive: true });
  } finally {
    release();
  }
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(tried)) return tried;
  }
}

/** @returns what gives the run free again @throws ModelError if another page has it */
function claim(name: string): Promise<() => void> {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    locks
      .request(`ganport-run-${name}`, { ifAvailable: true }, (lock) => {
        if (!lock) throw new ModelError(`${name} is trained in another page of this browser`);
        // Held until it is released.
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
