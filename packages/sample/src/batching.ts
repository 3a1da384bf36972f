/**
 * Requests for pictures take turns at a generator that draws many at once: small ones share a run, a
 * large one is cut into several.
 */
import { cutRun } from './cut-run.ts';
import type { Infer } from './generator.ts';
import { createHistogram, type Histogram } from './histogram.ts';

export interface BatchingOptions {
  infer: Infer;
  /** Runs at a time: one unless given. */
  lanes?: number | undefined;
  /** Pictures of a run that is made in place while nothing else is to do: none unless given. */
  inPlace?: number | undefined;
  /** What is asked for until it resolves shares a first run: what is asked for in one go, unless given. */
  gather?: (() => Promise<void>) | undefined;
  /** Most pictures of one run. */
  maxBatch: number;
  /** Milliseconds that a run which is not full waits for more pictures: 0, none, unless given. */
  maxDelayMs?: number | undefined;
  /** Numbers of a picture's latent vector, and bytes of a picture. */
  latentSize: number;
  pictureBytes: number;
}

export interface DrawRequest {
  /** How many pictures, 1 or more. */
  count: number;
  /**
   * Latents [count, latentSize] of pictures `first` … `first + count − 1` of this request; called when
   * it is their turn.
   */
  latents(first: number, count: number): Float32Array;
  /** Their classes, of a generator that takes some: all requests give them, or none. */
  labels?: ((first: number, count: number) => BigInt64Array) | undefined;
  /** Takes the request back: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What was drawn so far. */
export interface BatchingStats {
  runs: number;
  /** Those that were ended before they had. */
  cancelled: number;
  pictures: number;
  /** Of all runs. */
  milliseconds: number;
  /** Pictures of a run. */
  batches: Histogram;
  /** Seconds from when pictures were asked for to the run that drew the first of them. */
  waits: Histogram;
}

const BATCH_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const WAIT_BOUNDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

export interface Batching {
  readonly stats: Readonly<BatchingStats>;
  /** @returns uint8 [count, H, W, C]. @throws what the run threw that any of the pictures were in */
  draw(request: DrawRequest): Promise<Uint8Array>;
  /** Refuses what is asked for later, and waits for what was asked for before. */
  close(): Promise<void>;
}

/** A request that has not been answered. */
interface Pending {
  request: DrawRequest;
  /** When it was asked for. */
  since: number;
  /** Pictures that runs drew, or are drawing, and those that none has drawn. */
  taken: number;
  missing: number;
  /** Memory of the result, from the first turn on. */
  data?: Uint8Array;
  answered: boolean;
  resolve(data: Uint8Array): void;
  reject(reason: unknown): void;
}

/** What a run draws for one request. */
interface Share {
  pending: Pending;
  first: number;
  count: number;
}

interface Run {
  shares: readonly Share[];
  controller: AbortController;
}

/** Fewer pictures are not drawn by two runs at a time: each costs about as much as eight pictures of a small generator. */
const MIN_PART = 16;

/**
 * Requests are served in the order they came, by runs of which those that wait have even shares (`cutRun`); one that
 * needs more then goes to the end of the queue. Where several runs are made at a time, they part what waits. A run is
 * cancelled when all who have a share in it took their requests back.
 */
export function createBatching({
  infer,
  lanes = 1,
  inPlace = 0,
  gather = async () => {},
  maxBatch,
  maxDelayMs = 0,
  latentSize,
  pictureBytes,
}: BatchingOptions): Batching {
  let queue: Pending[] = [];
  /** No Set: in one that is long-lived, entries outlive the collections after they are deleted (docs/decisions.md). */
  const running: Run[] = [];
  /** Of runs that were not cancelled: a new one for each has the collector copy all that comes with it (docs/decisions.md). */
  const spare: AbortController[] = [];
  /** Lanes at work, and how many go on to look for more. */
  const working = new Set<Promise<void>>();
  let looking = 0;
  let closed = false;
  const [batches, waits] = [createHistogram(BATCH_BOUNDS), createHistogram(WAIT_BOUNDS)];
  const stats: BatchingStats = {
    ...{ runs: 0, cancelled: 0, pictures: 0, milliseconds: 0 },
    ...{ batches, waits },
  };
  /** They end the wait for a fuller run. */
  const delays = new Set<() => void>();

  /** One lane after the other, until nothing waits. */
  async function work(): Promise<void> {
    await gather();
    while (queue.length > 0) {
      if (maxDelayMs > 0) await waitForMore();
      // All who waited may have left, or be served by another lane.
      if (queue.length > 0) await run(takeShares());
    }
    // At once: who asks in the next microtask starts another.
    looking -= 1;
  }

  function startLanes(): void {
    for (; looking < lanes; looking += 1) {
      const lane = work().finally(() => working.delete(lane));
      working.add(lane);
    }
  }

  /** Until a run would be full, the time is over, or nothing more can come. */
  async function waitForMore(): Promise<void> {
    if (isFull() || closed) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        delays.delete(end);
        resolve();
      };
      const timer = setTimeout(end, maxDelayMs);
      delays.add(end);
    });
  }

  function goOn(): void {
    for (const end of delays) end();
  }

  /** Of pictures that no run has begun. */
  const left = ({ request, taken }: Pending) => request.count - taken;

  function isFull(): boolean {
    let room = maxBatch;
    for (const pending of queue) {
      room -= left(pending);
      if (room <= 0) return true;
    }
    return false;
  }

  function takeShares(): Share[] {
    const idle = lanes - running.length;
    const waiting = queue.reduce((sum, pending) => sum + left(pending), 0);
    const part = Math.max(MIN_PART, Math.ceil(waiting / idle));
    const counts = cutRun(queue.map(left), Math.min(maxBatch, part));
    const shares = queue.splice(0, counts.length).map((pending, i) => {
      const [first, count] = [pending.taken, counts[i]!];
      pending.taken += count;
      return { pending, first, count };
    });
    // For another lane to go on with, at once.
    if (idle > 1)
      queue.push(...shares.map(({ pending }) => pending).filter((one) => left(one) > 0));
    return shares;
  }

  async function run(shares: readonly Share[]): Promise<void> {
    const controller = spare.pop() ?? new AbortController();
    const run = { shares, controller };
    const count = shares.reduce((sum, share) => sum + share.count, 0);
    const alone = running.length === 0 && shares.length === 1 && queue.length === 0;
    running.push(run);
    const began = performance.now();
    batches.add(count);
    for (const { first, pending } of shares) {
      if (first === 0) waits.add((began - pending.since) / 1000);
    }
    try {
      const levels = await infer(joinLatents(shares, count), count, {
        signal: controller.signal,
        inPlace: alone && count <= inPlace,
        ...joinLabels(shares, count),
      });
      handOut(levels, shares);
    } catch (error) {
      for (const { pending } of shares) refuse(pending, error);
    } finally {
      running.splice(running.indexOf(run), 1);
      stats.runs += 1;
      stats.pictures += count;
      stats.milliseconds += performance.now() - began;
      if (controller.signal.aborted) stats.cancelled += 1;
      else spare.push(controller);
    }
  }

  function joinLatents(shares: readonly Share[], count: number): Float32Array {
    const z = new Float32Array(count * latentSize);
    let at = 0;
    for (const { pending, first, count } of shares) {
      z.set(pending.request.latents(first, count), at);
      at += count * latentSize;
    }
    return z;
  }

  function joinLabels(shares: readonly Share[], count: number): { labels?: BigInt64Array } {
    if (!shares[0]?.pending.request.labels) return {};
    const labels = new BigInt64Array(count);
    let at = 0;
    for (const { pending, first, count } of shares) {
      labels.set(pending.request.labels!(first, count), at);
      at += count;
    }
    return { labels };
  }

  function handOut(levels: Uint8Array, shares: readonly Share[]): void {
    let at = 0;
    for (const { pending, first, count } of shares) {
      const end = at + count * pictureBytes;
      if (!pending.answered) deliver(levels.subarray(at, end), { pending, first, count });
      at = end;
    }
  }

  function deliver(levels: Uint8Array, { pending, first, count }: Share): void {
    try {
      pending.data ??= new Uint8Array(pending.request.count * pictureBytes);
    } catch (error) {
      // There is no room for one result: the others of the run are none the worse for it.
      refuse(pending, error);
      return;
    }
    pending.data.set(levels, first * pictureBytes);
    pending.missing -= count;
    if (pending.missing === 0) pending.resolve(pending.data);
    else if (left(pending) > 0 && !queue.includes(pending)) queue.push(pending);
  }

  /** Answers it, once; what other runs draw of it is for nobody. */
  function refuse(pending: Pending, reason: unknown): void {
    if (pending.answered) return;
    pending.reject(reason);
    queue = queue.filter((other) => other !== pending);
    for (const { shares, controller } of running) {
      if (shares.every((share) => share.pending.answered)) controller.abort();
    }
  }

  return {
    stats,
    draw(request) {
      return new Promise((resolve, reject) => {
        if (closed) throw new Error('the sampler was closed');
        const { signal } = request;
        signal?.throwIfAborted();
        const answer = () => {
          pending.answered = true;
          signal?.removeEventListener('abort', takeBack);
        };
        const pending: Pending = {
          request,
          since: performance.now(),
          taken: 0,
          missing: request.count,
          answered: false,
          resolve(data) {
            answer();
            resolve(data);
          },
          reject(reason) {
            answer();
            reject(reason);
          },
        };
        const takeBack = () => refuse(pending, signal!.reason);
        signal?.addEventListener('abort', takeBack);
        queue.push(pending);
        startLanes();
        if (isFull()) goOn();
      });
    },
    async close() {
      closed = true;
      goOn();
      while (working.size > 0) await Promise.all(working);
    },
  };
}
