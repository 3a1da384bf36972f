/** OrtApi without onnxruntime: it notes what is called, and hands out numbers as handles. */
import type { Argument, HandleKind, OrtApi } from '../src/native/api.ts';

export interface FakeApi extends OrtApi {
  /** Functions in the order they were called, with their parameters but for the out pointer. */
  readonly calls: readonly (readonly [name: string, ...parameters: readonly Argument[]])[];
}

/** @param fails functions that throw, with what they say */
export function fakeApi(fails: Readonly<Record<string, string>> = {}): FakeApi {
  const calls: [string, ...Argument[]][] = [];
  const live = {} as Record<HandleKind, number>;
  let handles = 0n;
  const note = (name: string, parameters: readonly Argument[]) => {
    calls.push([name, ...parameters]);
    if (Object.hasOwn(fails, name)) throw new Error(fails[name]);
  };
  const adopt: OrtApi['adopt'] = (kind, handle) => {
    live[kind] = (live[kind] ?? 0) + 1;
    return handle;
  };
  const get: OrtApi['get'] = (name, ...parameters) => {
    note(name, parameters);
    handles += 1n;
    return handles;
  };
  return {
    version: '1.23.0',
    calls,
    live,
    call: (name, ...parameters) => note(name, parameters),
    get,
    adopt,
    create: (kind, name, ...parameters) => adopt(kind, get(name, ...parameters)),
    release(kind, handle) {
      calls.push([`Release${kind}`, handle]);
      live[kind] -= 1;
    },
    callOn: async (_, name, ...parameters) => note(name, parameters),
    callHere: (name, ...parameters) => note(name, parameters),
    startThread: () => ({ call: async () => null, close: async () => undefined }),
    stringAt: () => '',
    bytesAt: (_, length) => new Uint8Array(length),
    addressOf: () => 0n,
  };
}
