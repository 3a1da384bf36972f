import { ModelError } from './error.ts';

/**
 * The text of a file that a person may have written: UTF-8, or UTF-16 with its byte order mark, as
 * `>` writes in PowerShell 5. A mark is no part of the text.
 * @throws ModelError that starts with `what` if it is neither
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  const mark = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new ModelError(`${what} is not ${encoding.toUpperCase()} text: save it as UTF-8`);
  }
}
