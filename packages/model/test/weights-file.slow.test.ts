import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { encodeSafetensors, MAX_FILE_BYTES, type WeightTensor } from '../src/safetensors.ts';
import { readWeights, writeWeights } from '../src/weights-file.ts';
import { weights } from './arbitrary-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'a.safetensors');

const tensors: Record<string, WeightTensor> = {
  weight: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(0.5, -2) },
  label: { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) },
};
const metadata = { format: 'test', step: '7' };

test('weights and metadata come back, verified', async () => {
  await fc.assert(
    fc.asyncProperty(weights, async (written) => {
      const sha256 = await writeWeights(path, written.tensors, written.metadata);
      expect(await readWeights(path)).toEqual({ ...written, sha256, verified: true });
    }),
    { numRuns: 25 },
  );
  expect(readdirSync(folder)).toEqual(['a.safetensors']);
});

test('the digest is that of the file with zeros in its place', async () => {
  const sha256 = await writeWeights(path, tensors, metadata);
  const text = readFileSync(path, 'latin1');
  expect(text.split(sha256)).toHaveLength(2);
  const zeroed = Buffer.from(text.replace(sha256, '0'.repeat(64)), 'latin1');
  expect(createHash('sha256').update(zeroed).digest('hex')).toBe(sha256);
});

test("the digest's key is refused among the metadata", async () => {
  await expect(writeWeights(path, tensors, { sha256: '' })).rejects.toThrow(
    new ModelError('the metadata key "sha256" is the digest\'s own'),
  );
});

test('a foreign file loads, not verified', async () => {
  const reference = new URL('reference.safetensors', import.meta.url);
  const read = await readWeights(fileURLToPath(reference));
  expect(read).toMatchObject({ verified: false, metadata: { format: 'pt' } });
  expect(read.sha256).toBe(createHash('sha256').update(readFileSync(reference)).digest('hex'));
});

describe('damage', () => {
  test('every truncation is found', async () => {
    await writeWeights(path, tensors, metadata);
    const bytes = readFileSync(path);
    const cut = join(folder, 'cut.safetensors');
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(cut, bytes.subarray(0, length));
      await expect(readWeights(cut)).rejects.toThrow(ModelError);
    }
  });

  test('every flipped bit is found', async () => {
    await writeWeights(path, tensors, metadata);
    const bytes = readFileSync(path);
    const key = bytes.indexOf('sha256');
    const flipped = join(folder, 'flipped.safetensors');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const at = bit >> 3;
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 1 << (bit & 7);
      writeFileSync(flipped, damaged);
      const found = await readWeights(flipped).catch((error: unknown) => error);
      // Without its key the digest is metadata like any other: the file is a foreign one.
      if (at >= key && at < key + 6) expect(found).not.toMatchObject({ verified: true });
      else expect(found, `bit ${bit}`).toBeInstanceOf(ModelError);
    }
  });

  test('changed weights are reported with both digests', async () => {
    const sha256 = await writeWeights(path, tensors, metadata);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    await expect(readWeights(path)).rejects.toThrow(
      new RegExp(`a\\.safetensors is damaged.*: expected SHA-256 ${sha256}, got [0-9a-f]{64}$`),
    );
  });

  test('a digest that is none', async () => {
    writeFileSync(path, encodeSafetensors({ tensors, metadata: { sha256: 'none' } }));
    await expect(readWeights(path)).rejects.toThrow("its metadata's sha256 is not a SHA-256");
  });
});

describe('files that are not weights', () => {
  test('random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        writeFileSync(path, bytes);
        await expect(readWeights(path)).rejects.toThrow(ModelError);
      }),
    );
  });

  test('a file past the limit is not read', async () => {
    const huge = join(folder, 'huge.safetensors');
    copyFileSync(new URL('reference.safetensors', import.meta.url), huge);
    truncateSync(huge, MAX_FILE_BYTES + 1);
    await expect(readWeights(huge)).rejects.toThrow(
      `expected at most ${MAX_FILE_BYTES} bytes, got ${MAX_FILE_BYTES + 1}`,
    );
  });

  test.each([
    ['absent', 'no such file or folder: check the path (ENOENT)'],
    ['.', 'expected a regular file, got a folder: name a file in it'],
  ])('%s', async (name, reason) => {
    const where = join(folder, name);
    await expect(readWeights(where)).rejects.toThrow(
      new ModelError(`cannot read ${where}: ${reason}`),
    );
  });
});
