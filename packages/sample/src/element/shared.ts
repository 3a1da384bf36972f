/** One generator for all elements that show the same: loaded with the first of them, disposed of with the last. */
import type { LoadOptions, PageGenerator } from '../web/types.ts';

export type LoadGenerator = (
  model: string | URL | Uint8Array | ArrayBuffer,
  options?: LoadOptions,
) => Promise<PageGenerator>;

export interface Lease {
  generator: Promise<PageGenerator>;
  /** Gives it back; once. */
  release(): void;
}

interface Shared {
  generator: Promise<PageGenerator>;
  listeners: Set<NonNullable<LoadOptions['onProgress']>>;
  leases: number;
  end(): void;
}

const shares = new WeakMap<Document, Map<string, Shared>>();

/** @param options with an absolute address, as keys are compared by it */
export function lease(
  document: Document,
  load: LoadGenerator,
  { src, onProgress, ...options }: LoadOptions & { src: string },
): Lease {
  const ofDocument = shares.get(document) ?? new Map<string, Shared>();
  shares.set(document, ofDocument);
  const key = JSON.stringify([src, options]);
  const shared = ofDocument.get(key) ?? start(load, src, options, ofDocument, key);
  shared.leases += 1;
  if (onProgress) shared.listeners.add(onProgress);
  return {
    generator: shared.generator,
    release() {
      shared.leases -= 1;
      if (onProgress) shared.listeners.delete(onProgress);
      // An element that is moved leaves the document and comes back in one go, and asks after that.
      setTimeout(() => {
        if (shared.leases === 0) shared.end();
      });
    },
  };
}

function start(
  load: LoadGenerator,
  src: string,
  options: LoadOptions,
  ofDocument: Map<string, Shared>,
  key: string,
): Shared {
  const controller = new AbortController();
  const listeners: Shared['listeners'] = new Set();
  const generator = load(src, {
    ...options,
    signal: controller.signal,
    onProgress: (progress) => {
      for (const listen of listeners) listen(progress);
    },
  });
  const forget = () => {
    if (ofDocument.get(key) === shared) ofDocument.delete(key);
  };
  const end = () => {
    forget();
    controller.abort();
    generator.then((loaded) => loaded.dispose()).catch(() => {});
  };
  const shared: Shared = { generator, listeners, leases: 0, end };
  ofDocument.set(key, shared);
  // The next element to ask tries again.
  generator.catch(forget);
  return shared;
}
