/** A generator behind an address, from start to close. */
import { existsSync } from 'node:fs';
import { beforeAbort } from '@ganport/runtime';
import type { Device } from '@ganport/runtime/node';
import { type LoadedGenerator, loadGenerator, type ModelFile } from '@ganport/sample/node';
import { createAdminApp } from './admin.ts';
import { createAdmission } from './admission.ts';
import type { ApiKey } from './api-keys.ts';
import { PAGE_DIR } from './app.ts';
import { ServeError } from './error.ts';
import { type Listening, listenFor, listenHere, type ServingOptions } from './listening.ts';
import { logModel } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { ModelSource } from './model-files.ts';
import { createPolling } from './polling.ts';
import { createRegistry, type ModelEvent, oneModel, type Registry } from './registry.ts';
import { createService } from './service.ts';
import { GRACE_MS } from './settings.ts';
import { warm } from './warm.ts';

export interface ServerOptions extends ServingOptions {
  /**
   * A generator.onnx, its run folder, or a folder of versions, by its path, by a name and a path, or read; the first of
   * several is the default.
   */
  model: Given | readonly Given[];
  device?: Device | 'auto';
  /** For loading a generator, 120 s by default. */
  timeLimitMs?: number;
  /** Most pictures of one run, and how long one that is not full waits for more: 64, and not at all. */
  maxBatch?: number;
  maxDelayMs?: number;
  /** Of the CPU, for one run: all cores unless given. */
  threads?: number | undefined;
  /** How often the files are looked at for new versions: a file is taken at the second look that finds it the same. 0 is never, the default. */
  pollMs?: number;
  /** Is told what becomes of versions. */
  onModel?: (event: ModelEvent) => void;
  /** Where operators load and unload models, on this machine alone; 0 takes any free port. Nowhere unless given. */
  admin?: { port: number; token: ApiKey } | undefined;
  /** Ends a start that is under way. What was started is ended by its `close`. */
  signal?: AbortSignal | undefined;
}

type Given = string | ModelFile | ModelSource;

export interface RunningServer {
  url: string;
  /** What draws the default model. */
  device: LoadedGenerator['device'];
  /** Why that device. */
  why: string;
  /**
   * Refuses new pictures, finishes those that were asked for, within the grace, answers 503 to the rest,
   * and closes the generators.
   */
  close(): Promise<void>;
}

/** One that loads its models itself. */
export interface ModelServer extends RunningServer {
  models: Registry;
  /** Of the address for operators, if there is one. */
  adminUrl: string | undefined;
}

/**
 * Listens, loads the generators, and resolves when all are served; until then it answers that it lives, and that it starts.
 * @throws ServeError if the page or the address cannot be had; what `loadGenerator` throws if a model;
 * the signal's reason, once what was begun is closed
 */
export async function startServer({
  model,
  device,
  timeLimitMs,
  maxBatch,
  maxDelayMs,
  threads,
  pollMs = 0,
  onModel,
  admin,
  signal,
  log,
  ...serving
}: ServerOptions): Promise<ModelServer> {
  const { pageDir = PAGE_DIR } = serving;
  if (!existsSync(pageDir)) {
    throw new ServeError(`the page is not built: ${pageDir} is missing; run \`pnpm build\``);
  }
  const models = createRegistry({
    sources: [model].flat().map(sourceOf),
    admission: createAdmission(serving),
    onEvent: (event) => {
      if (log) logModel(log, event);
      onModel?.(event);
    },
    load: async (file, signal) => {
      const options = { device, timeLimitMs, maxBatch, maxDelayMs, threads, signal };
      return warm(await loadGenerator(file, options), signal);
    },
  });
  const metrics = createMetrics(models);
  const listening = await listenFor(models, { ...serving, log, metrics });
  // One that waits as the server closes is given up.
  const look = () => models.refresh({ settled: true }).catch(() => {});
  const polling = createPolling(look, pollMs);
  let operators: Listening | undefined;
  const close = async () => {
    polling.stop();
    const changed = models.endChanges(serving.graceMs ?? GRACE_MS);
    await listening.close();
    await operators?.close();
    await changed;
    await models.close();
    await serving.tracing?.close();
  };
  try {
    if (admin) {
      const app = createAdminApp({ models, metrics, token: admin.token });
      operators = await listenHere(app, admin.port, '--admin-port');
    }
    await beforeAbort(models.start(), signal);
  } catch (error) {
    await close();
    throw error;
  }
  polling.start();
  const { generator } = models.find();
  const { device: chosen, why } = generator;
  return { url: listening.url, adminUrl: operators?.url, device: chosen, why, models, close };
}

function sourceOf(given: Given): ModelSource {
  return typeof given === 'string' || 'bytes' in given ? { model: given } : given;
}

/**
 * Serves a generator, which is closed with the server.
 * @throws ServeError if the address cannot be had
 */
export async function serveGenerator(
  generator: LoadedGenerator,
  serving: ServingOptions = {},
): Promise<RunningServer> {
  const models = oneModel(createService(generator, { admission: createAdmission(serving) }));
  const { url, close } = await listenFor(models, serving);
  return {
    ...{ url, device: generator.device, why: generator.why },
    async close() {
      await close();
      await generator.sampler.close();
    },
  };
}
