/** What the cases of the suite expect, without vitest: they run in a page too. */
import type { Tensor } from '@ganport/onnx';

export function expectThat(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

/** Compares plain values: tensors by type, shape and every element. */
export function expectEqual(got: unknown, expected: unknown, what: string): void {
  const [a, b] = [show(got), show(expected)];
  expectThat(a === b, `${what}: expected ${b}, got ${a}`);
}

/** The tensor's elements are these numbers. */
export function expectData(
  tensor: Tensor | undefined,
  expected: readonly (number | bigint)[],
  what: string,
): void {
  expectEqual(tensor && Array.from<number | bigint>(tensor.data), expected, what);
}

/** The promise rejects with a RuntimeError of one line that matches. */
export async function expectRefusal(
  promise: Promise<unknown>,
  pattern: RegExp,
  what: string,
): Promise<void> {
  const error = await rejection(promise, what);
  const shown = `${error.name}: ${error.message}`;
  expectEqual(error.name, 'RuntimeError', `${what}: the type of "${shown}"`);
  expectThat(!error.message.includes('\n'), `${what}: expected one line, got "${shown}"`);
  expectThat(pattern.test(error.message), `${what}: expected ${pattern}, got "${shown}"`);
}

/** What the promise rejects with. */
export async function rejection(promise: Promise<unknown>, what: string): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  if (!outcome) throw new Error(`${what}: expected a rejection`);
  return outcome;
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (ArrayBuffer.isView(part)) {
      return [part.constructor.name, ...Array.from(part as Uint8Array)];
    }
    return part;
  });
}
