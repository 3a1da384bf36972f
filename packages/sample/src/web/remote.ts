/** A generator that draws in another thread, as the page sees it. */
import type { GeneratorMetadata } from '@ganport/model';
import { SampleError } from '../error.ts';
import type { Answer, Ask, DrawAsk, Drawn, Facts, LoadAsk, Told } from './protocol.ts';
import type { Thread } from './thread.ts';

export interface Remote {
  readonly metadata: GeneratorMetadata;
  readonly facts: Facts;
  /** Asks for pictures. @throws the signal's reason; what was thrown there */
  draw(ask: Pick<DrawAsk, 'wanted' | 'form' | 'columns'>, signal?: AbortSignal): Promise<Drawn>;
  end(): void;
}

export interface Refusal {
  part: 'model' | 'runtime';
  error: Error;
  model: Uint8Array<ArrayBuffer>;
}

interface Waiting {
  resolve(drawn: Drawn): void;
  reject(reason: unknown): void;
}

/**
 * Loads a generator in a thread, which ends with it.
 * @throws the signal's reason
 */
export async function openRemote(
  thread: Thread,
  ask: LoadAsk,
  options: {
    progress(loaded: number, total: number | undefined): void;
    signal: AbortSignal | undefined;
  },
): Promise<Remote | Refusal> {
  const waiting = new Map<number, Waiting>();
  const loading = promised<Remote | Refusal>();
  let asked = 0;
  let ended: Error | undefined;
  let facts: Facts;

  const end = (why: Error) => {
    ended ??= why;
    thread.end();
    loading.reject(ended);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const send = (message: Ask, transfer: Transferable[] = []) =>
    thread.port.postMessage(message, transfer);

  const draw: Remote['draw'] = async (what, signal) => {
    if (ended) throw ended;
    signal?.throwIfAborted();
    asked += 1;
    const id = asked;
    const { promise, resolve, reject } = promised<Drawn>();
    const cancel = () => {
      send({ type: 'cancel', id });
      reject(signal!.reason);
    };
    waiting.set(id, { resolve, reject });
    signal?.addEventListener('abort', cancel);
    try {
      send({ type: 'draw', id, ...what });
      return await promise;
    } finally {
      waiting.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  };

  thread.port.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    if (data.type === 'progress') options.progress(data.loaded, data.total);
    if (data.type === 'moved') facts = data.facts;
    if (data.type === 'drawn') waiting.get(data.id)?.resolve(data.drawn);
    if (data.type === 'failed') waiting.get(data.id)?.reject(errorOf(data.error));
    if (data.type === 'refused') {
      const { part, model } = data;
      loading.resolve({ part, model, error: errorOf(data.error) });
      thread.end();
    }
    if (data.type === 'loaded') {
      facts = data.facts;
      loading.resolve({
        metadata: data.metadata,
        get facts() {
          return facts;
        },
        draw,
        end: () => end(new SampleError('the generator was disposed of')),
      });
    }
  });
  const giveUp = () => end(options.signal!.reason);
  options.signal?.addEventListener('abort', giveUp);
  try {
    options.signal?.throwIfAborted();
    send(ask, [ask.model.buffer]);
    return await loading.promise;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}

/** As Promise.withResolvers, which browsers of 2023 lack. */
function promised<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

function errorOf({ name, message }: Told): Error {
  return Object.assign(new SampleError(message), { name });
}
