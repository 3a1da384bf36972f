/** What a program may be opened with, said in words where it is something else. */
import { RuntimeError } from './error.ts';

/** What onnxruntime runs on in Node. */
export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof DEVICES)[number];

/** More threads than any machine has, which a system still starts. */
const MAX_THREADS = 1024;

/**
 * For callers in JavaScript: onnxruntime takes what it does not know for something else.
 * @throws RuntimeError that names the option, what was expected and got
 */
export function expectOptions(options: { device: Device; threads?: number | undefined }): void {
  const { device, threads = 0 } = options ?? {};
  if (!DEVICES.includes(device)) refuse('device', `one of ${DEVICES.join(', ')}`, device);
  if (!Number.isInteger(threads) || threads < 0 || threads > MAX_THREADS) {
    refuse('threads', `a whole number from 0 to ${MAX_THREADS}`, threads);
  }
}

function refuse(option: string, expected: string, got: unknown): never {
  const text = typeof got === 'string' ? JSON.stringify(got) : String(got);
  throw new RuntimeError(`${option}: expected ${expected}, got ${text.slice(0, 80)}`);
}
