/** From an address or bytes to a generator that draws, by the runtime that fits it. */
import { SampleError } from '../error.ts';
import { addressOf } from './address.ts';
import { fetchModel } from './fetch-model.ts';
import { createPageGenerator } from './page-generator.ts';
import type { LoadAsk } from './protocol.ts';
import { openRemote } from './remote.ts';
import { startThread, type ThreadMaker } from './thread.ts';
import {
  DEVICES,
  type Device,
  type LoadOptions,
  type PageGenerator,
  RUNTIMES,
  type Runtime,
} from './types.ts';

/** Threads by the runtime that they have. */
export type Threads = Readonly<Record<Exclude<Runtime, 'auto'>, ThreadMaker>>;

/** Most multiplications of a picture that `auto` leaves to the small runtime: docs/decisions.md has the measurements. */
export const SMALL_WORK = 4_000_000;

interface Attempt {
  runtime: keyof Threads;
  maxWork?: number;
  /** Given what the attempts before said, and what the thread says. */
  reason(before: string, facts: string): string;
}

/**
 * Loads a generator, and checks its golden samples. Whoever loads it disposes of it.
 * @param model its address, or its bytes, which are copied
 * @throws SampleError in one line; the signal's reason
 */
export async function loadWith(
  threads: Threads,
  model: string | URL | Uint8Array | ArrayBuffer,
  { device = 'auto', runtime = 'auto', base, threads: count = 1, ...options }: LoadOptions,
): Promise<PageGenerator> {
  const { sha256, signal, onProgress } = options;
  const attempts = attemptsFor(device, runtime);
  expectThreads(count);
  const folder = base === undefined ? undefined : addressOf(base, document.baseURI, 'base');
  const report = (part: 'model' | 'runtime') => (loaded: number, total: number | undefined) =>
    onProgress?.({ part, loaded, total });
  // The first thread starts while the model is on its way.
  const starting = startThread(threads[attempts[0]!.runtime]);
  // It is thrown where it is waited for.
  starting.catch(() => {});
  let bytes = await bytesOf(model, { sha256, signal, progress: report('model') }).catch((error) => {
    starting.then(({ end }) => end()).catch(() => {});
    throw error;
  });
  let failure = new Error();
  for (const [i, { runtime, maxWork, reason }] of attempts.entries()) {
    const thread = await (i === 0 ? starting : startThread(threads[runtime]));
    const ask: LoadAsk = {
      type: 'load',
      model: bytes,
      device,
      base: folder,
      threads: count,
      maxWork,
    };
    const opened = await openRemote(thread, ask, { progress: report('runtime'), signal });
    if ('draw' in opened) {
      const explain = (facts: string) =>
        [reason(failure.message, facts), thread.obstacle].filter(Boolean).join('; ');
      return createPageGenerator(opened, explain);
    }
    if (opened.part === 'model') throw opened.error;
    failure = opened.error;
    bytes = opened.model;
  }
  throw failure;
}

const ASKED_FOR = () => 'it was asked for';

/** What is tried, one after the other. @throws SampleError for choices that there are not, or that do not fit */
function attemptsFor(device: Device, runtime: Runtime): Attempt[] {
  expectOneOf('device', device, DEVICES);
  expectOneOf('runtime', runtime, RUNTIMES);
  const small = runtime === 'small' || device === 'javascript';
  const large = runtime === 'onnxruntime' || device === 'webgpu' || device === 'wasm';
  if (small && large) {
    throw new SampleError(
      `device: the runtime "${runtime === 'auto' ? 'small' : runtime}" has no "${device}"`,
    );
  }
  if (small) return [{ runtime: 'small', reason: ASKED_FOR }];
  if (large) return [{ runtime: 'onnxruntime', reason: (_, facts) => facts }];
  return [
    {
      runtime: 'small',
      maxWork: SMALL_WORK,
      reason: () => 'a picture is so little work that a runtime of megabytes would not pay',
    },
    { runtime: 'onnxruntime', reason: (before, facts) => `${before}; ${facts}` },
    { runtime: 'small', reason: (before) => `onnxruntime does not run here: ${before}` },
  ];
}

function expectOneOf(name: string, got: string, expected: readonly string[]): void {
  if (expected.includes(got)) return;
  throw new SampleError(`${name}: expected ${expected.join(', ')}, got "${got}"`);
}

/** More than this nobody has measured to pay. */
const MAX_THREADS = 16;

function expectThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_THREADS) {
    throw new SampleError(
      `threads: expected a whole number from 1 to ${MAX_THREADS}, got ${count}`,
    );
  }
  // onnxruntime would take one, and say so in the console only.
  if (count === 1 || globalThis.crossOriginIsolated) return;
  throw new SampleError(
    `threads: ${count} need a page that is cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp`,
  );
}

async function bytesOf(
  model: string | URL | Uint8Array | ArrayBuffer,
  options: Parameters<typeof fetchModel>[1],
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof model === 'string' || model instanceof URL) {
    return fetchModel(addressOf(model, document.baseURI, 'the model'), options);
  }
  return new Uint8Array(model instanceof Uint8Array ? model : model.slice(0));
}
