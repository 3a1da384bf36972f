/** Python's onnx.checker, the oracle of what is an ONNX model. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('onnx-checker.py', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../../.cache/onnx-python/bin/python', import.meta.url));

/** A Python with the package onnx, if there is one (CONTRIBUTING.md says how to make it). */
export const python = process.env.ONNX_PYTHON ?? (existsSync(INSTALLED) ? INSTALLED : undefined);

interface Verdicts {
  /** Of the package onnx. */
  version: string;
  verdicts: Verdict[];
}

/** Why onnx.checker refuses a file, and whether protobuf reads the same from what we made of it; null for neither. */
type Verdict = [refusal: string | null, same: boolean | null];

/**
 * @param files models, each with what our codec makes of it, empty where it refuses
 * @param folder where external data are looked for
 */
export function runChecker(
  files: readonly (readonly [Uint8Array, Uint8Array])[],
  folder: string,
): Verdicts {
  const input = Buffer.concat(
    files.flat().flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
  const { stdout, stderr, status, error } = spawnSync(python!, [PROGRAM], {
    cwd: folder,
    input,
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  // The checker itself warns of experimental operators, on standard output.
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => /^["[]/.test(line));
  if (status !== 0 || lines.length !== files.length + 1) {
    throw new Error(`${python} ended with ${status} after ${lines.length} lines: ${stderr}`);
  }
  const [version, ...verdicts] = lines.map((line) => JSON.parse(line));
  return { version, verdicts };
}
