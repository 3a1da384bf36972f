/** A generator.onnx that was damaged since its export never draws. */
import {
  checkGeneratorDigest,
  ModelError,
  NO_DIGEST,
  readGeneratorMetadata,
  sealGenerator,
} from '@ganport/model';
import { OnnxError } from '@ganport/onnx';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { openGenerator } from '../src/index.ts';
import { buildGenerator } from './fixture.ts';

const RUNS = { seed: 20_261_125, numRuns: 300 };

const { model: plain } = buildGenerator({ latent: 2, height: 4, width: 4 });
const { model } = buildGenerator({
  latent: 2,
  height: 4,
  width: 4,
  alter: (metadata) => ({ ...metadata, digest: NO_DIGEST }),
});
const digest = await sealGenerator(model);

/** Opens what is in order on nothing. */
const open = () => Promise.reject(new Error('opened'));

test('the digest is of the file with zeros in its place', async () => {
  const text = Buffer.from(model).toString('latin1').replace(digest, NO_DIGEST);
  const hash = await crypto.subtle.digest('SHA-256', Buffer.from(text, 'latin1'));
  expect(Buffer.from(hash).toString('hex')).toBe(digest);
  expect(readGeneratorMetadata(model).digest).toBe(digest);
});

test('a file that was read as a Buffer is left as it is', async () => {
  const file = Buffer.from(model);
  await expect(openGenerator(file, open)).rejects.toThrow('opened');
  expect(Buffer.compare(file, model)).toBe(0);
});

test('a whole file is opened, and one of an earlier ganport', async () => {
  await expect(openGenerator(model, open)).rejects.toThrow('opened');
  await expect(openGenerator(plain, open)).rejects.toThrow('opened');
});

const flips = fc.record({
  bits: fc.array(fc.nat(model.length * 8 - 1), { minLength: 1, maxLength: 8 }),
  kept: fc.constant(model.length),
});
const cut = fc.record({ bits: fc.constant<number[]>([]), kept: fc.nat(model.length - 1) });
const bytes = fc.array(fc.nat(255), { minLength: 1, maxLength: 64 });

test('300 files with flipped bits, cut off, or overwritten are refused', async () => {
  const reasons = { digest: 0, other: 0 };
  const refused = async (damaged: Uint8Array) => {
    if (Buffer.compare(damaged, model) === 0) return;
    const error = await openGenerator(damaged, open).catch((error: Error) => error);
    expect(error instanceof ModelError || error instanceof OnnxError, String(error)).toBe(true);
    const changed = (error as Error).message.startsWith('the file was changed or damaged since');
    reasons[changed ? 'digest' : 'other'] += 1;
  };
  const damage = fc.oneof(
    fc.oneof(flips, cut).map(({ bits, kept }) => {
      const damaged = model.slice(0, kept);
      for (const bit of bits) damaged[bit >> 3]! ^= 1 << (bit & 7);
      return damaged;
    }),
    fc.tuple(bytes, fc.nat(model.length - 64)).map(([patch, at]) => {
      const damaged = model.slice();
      damaged.set(patch, at);
      return damaged;
    }),
  );
  await fc.assert(fc.asyncProperty(damage, refused), RUNS);
  // Weights and graph are most of it; of the rest, much is found before.
  expect(reasons.digest).toBeGreaterThan(30);
  expect(reasons.other).toBeGreaterThan(30);
});

test('a bit that flipped is named, with what to do', async () => {
  const damaged = model.slice();
  const weights = Buffer.from(damaged).indexOf('weights');
  damaged[weights + 100]! ^= 1;
  await expect(openGenerator(damaged, open)).rejects.toThrow(
    new RegExp(
      `^the file was changed or damaged since export: expected SHA-256 ${digest}, got [0-9a-f]{64}; copy it again`,
    ),
  );
});

test('a page without Web Crypto goes without the check', async () => {
  vi.stubGlobal('crypto', {});
  try {
    await checkGeneratorDigest(new Uint8Array(9), { digest });
    await expect(sealGenerator(model.slice())).rejects.toThrow('no place for a digest');
  } finally {
    vi.unstubAllGlobals();
  }
});
