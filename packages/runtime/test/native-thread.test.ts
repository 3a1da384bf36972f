/** The thread by itself, on functions of the C library. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { loadKoffi } from '../src/native/library.ts';
import { startThread } from '../src/native/thread.ts';

afterEach(() => vi.restoreAllMocks());

test.skipIf(process.platform !== 'linux')(
  'a thread that is woken late calls only once',
  async () => {
    const { koffi, path } = loadKoffi();
    const strcat: bigint = koffi.load('libc.so.6').symbol('strcat');
    const text = new Uint8Array(new ArrayBuffer(8));
    const letter = new Uint8Array(new ArrayBuffer(2));
    letter[0] = 'a'.charCodeAt(0);
    const wake = vi.spyOn(Atomics, 'notify');
    const thread = startThread(path);
    try {
      for (let calls = 1; calls <= 3; calls += 1) {
        await thread.call(strcat, [koffi.address(text), koffi.address(letter)]);
        // As a main thread does that was stopped between saying that there is a call and waking.
        Atomics.notify(...wake.mock.calls.at(-1)!);
        await setTimeout(20);
        expect(Buffer.from(text).toString().replaceAll('\0', '')).toBe('a'.repeat(calls));
      }
    } finally {
      await thread.close();
    }
  },
);

test.skipIf(process.platform !== 'linux')(
  'what a call reads is not collected before it has returned',
  async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const { koffi, path } = loadKoffi();
    const usleep: bigint = koffi.load('libc.so.6').symbol('usleep');
    const thread = startThread(path);
    try {
      const begin = () => {
        const held = new Uint8Array(new ArrayBuffer(64));
        return { call: thread.call(usleep, [200_000n], [held]), weak: new WeakRef(held) };
      };
      const { call, weak } = begin();
      await setTimeout(20);
      collect();
      expect(weak.deref()).toBeDefined();
      await call;
      await setTimeout(20);
      collect();
      expect(weak.deref()).toBeUndefined();
    } finally {
      await thread.close();
    }
  },
);
