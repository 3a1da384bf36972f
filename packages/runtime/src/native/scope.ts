/** Handles that end together, the last one first. */
import type { Argument, FunctionName, Handle, HandleKind, OrtApi } from './api.ts';

export interface Scope {
  readonly api: OrtApi;
  /** Creates a handle with a function of OrtApi. */
  create(kind: HandleKind, name: FunctionName, ...parameters: readonly Argument[]): Handle;
  /** Takes one that was created elsewhere. */
  adopt(kind: HandleKind, handle: Handle): Handle;
  /** Ends a handle before the others. */
  release(kind: HandleKind, handle: Handle): void;
  close(): void;
}

export function createScope(api: OrtApi): Scope {
  const owned = new Map<Handle, HandleKind>();
  const release: Scope['release'] = (kind, handle) => {
    owned.delete(handle);
    api.release(kind, handle);
  };
  const adopt: Scope['adopt'] = (kind, handle) => {
    owned.set(handle, kind);
    return api.adopt(kind, handle);
  };
  return {
    api,
    adopt,
    create: (kind, name, ...parameters) => adopt(kind, api.get(name, ...parameters)),
    release,
    close() {
      for (const [handle, kind] of [...owned].reverse()) release(kind, handle);
    },
  };
}
