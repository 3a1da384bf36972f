import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latentBatch, latents } from '../src/latents.ts';
import { normalQuantile, normalWithin } from '../src/normal.ts';

describe('normalQuantile', () => {
  // Roots of ncdf(z) = p, computed with mpmath at 40 digits.
  test.each([
    [0.75, 0.6744897501960817],
    [0.4, -0.2533471031357998],
    [0.975, 1.9599639845400543],
    [0.07, -1.4757910281791706],
    [0.001, -3.0902323061678136],
    [2 ** -20, -4.7630010342678135],
    [2 ** -33, -6.3379577545537895],
    [1e-20, -9.262340089798407],
  ])('of %d', (p, z) => {
    expect(Math.abs(normalQuantile(p) / z - 1)).toBeLessThan(1e-15);
  });

  test('is zero at a half and odd about it', () => {
    expect(normalQuantile(0.5)).toBe(0);
    for (const p of [2 ** -30, 2 ** -7, 0.25])
      expect(normalQuantile(1 - p)).toBe(-normalQuantile(p));
  });
});

// math.erf(z / sqrt(2)) of Python.
test.each([
  [0.001, 0.0007978844278221252],
  [0.7, 0.5160726955538539],
  [1, 0.6826894921370859],
  [2, 0.9544997361036416],
  [6, 0.9999999980268246],
])('normalWithin(%d)', (z, p) => {
  expect(Math.abs(normalWithin(z) - p)).toBeLessThan(3e-16);
});

describe('latents', () => {
  test('stay what they are: a change here changes every picture of every seed', () => {
    // The same digest as Threefry in Python with quantiles from mpmath at 30 digits.
    const batch = latentBatch(42, 0, 10, 64);
    expect(createHash('sha256').update(batch).digest('hex')).toBe(
      '5276fe420d7f4df0dad6992a1652c2eedd141c5de11e2842db3bd5d228173ec7',
    );
  });

  test('do not depend on how a batch is cut', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.nat(2 ** 32 - 10),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 33 }),
        (seed, start, count, dim) => {
          const rows = Array.from({ length: count }, (_, i) => [...latents(seed, start + i, dim)]);
          expect([...latentBatch(seed, start, count, dim)]).toEqual(rows.flat());
        },
      ),
    );
  });

  test('are standard normal', () => {
    const sample = latentBatch(7, 0, 2000, 100).sort();
    const n = sample.length;
    const moment = (k: number) => sample.reduce((sum, z) => sum + z ** k, 0) / n;
    // Standard errors of the raw moments of a normal: √(1, 2, 15, 96) / √n.
    const deviations = [moment(1), moment(2) - 1, moment(3), moment(4) - 3];
    [1, 2, 15, 96].forEach((variance, i) => {
      expect(Math.abs(deviations[i]!)).toBeLessThan(4 * Math.sqrt(variance / n));
    });
    // Kolmogorov–Smirnov: √n D exceeds 1.95 with probability 0.001.
    let distance = 0;
    sample.forEach((z, i) => {
      const p = normalCdf(z);
      distance = Math.max(distance, Math.abs(p - i / n), Math.abs(p - (i + 1) / n));
    });
    expect(distance * Math.sqrt(n)).toBeLessThan(1.95);
  });

  test.each([0.001, 0.7, 1, 2.5])('are as likely within a truncation of %d as without', (limit) => {
    const plain = latentBatch(3, 0, 20, 100);
    const within = 2 * normalCdf(limit) - 1;
    for (const [i, z] of latentBatch(3, 0, 20, 100, { truncation: limit }).entries()) {
      expect(Math.abs(z)).toBeLessThanOrEqual(Math.fround(limit));
      // Of a normal within ±limit, the distribution function is (Φ(z) − ½) / (Φ(limit) − Φ(−limit)) + ½.
      const share = (normalCdf(z) - 0.5) / within;
      expect(Math.abs(share - (normalCdf(plain[i]!) - 0.5))).toBeLessThan(2e-7);
    }
  });

  test('reach a truncation, and hardly know one of 6', () => {
    const words = 20_000;
    const near = latentBatch(3, 0, words / 100, 100, { truncation: 0.5 });
    expect(Math.max(...near)).toBeGreaterThan(0.499);
    expect(Math.min(...near)).toBeLessThan(-0.499);
    const plain = latentBatch(3, 0, words / 100, 100);
    const far = latentBatch(3, 0, words / 100, 100, { truncation: 6 });
    far.forEach((z, i) => {
      expect(Math.abs(z - plain[i]!)).toBeLessThan(1e-4);
    });
  });

  test('truncated, do not depend on how a batch is cut', () => {
    const options = { truncation: 0.8 };
    const rows = [4, 5, 6].flatMap((index) => [...latents(9, index, 7, options)]);
    expect([...latentBatch(9, 4, 3, 7, options)]).toEqual(rows);
  });

  test('know none that leaves nothing of them', () => {
    const least = latents(1, 0, 100, { truncation: 1e-6 });
    expect(new Set(least).size).toBe(100);
    expect(Math.max(...least)).toBeGreaterThan(0.9e-6);
    for (const tiny of [0.99e-6, 1e-20, Number.MIN_VALUE]) {
      expect(() => latents(1, 0, 8, { truncation: tiny })).toThrow(
        `got ${tiny}: below 0.000001 all pictures are the same`,
      );
    }
  });

  test.each([0, -1, Number.NaN, 1e9, 6.5, Infinity])('know no truncation of %d', (truncation) => {
    expect(() => latents(1, 0, 8, { truncation })).toThrow(
      `truncation: expected a number above 0 and up to 6, got ${truncation}`,
    );
  });

  const sample = latentBatch(5, 1000, 1000, 100);
  test.each([
    ['seed', latentBatch(6, 1000, 1000, 100)],
    ['high half of the seed', latentBatch(5 + 2 ** 32, 1000, 1000, 100)],
    ['index', latentBatch(5, 1001, 1000, 100)],
    ['dimension', latentBatch(5, 1000, 1000, 101).filter((_, i) => i % 101 !== 0)],
  ])('are uncorrelated between neighbours: %s', (_, neighbour) => {
    expect(neighbour.length).toBe(sample.length);
    const sum = sample.reduce((total, z, i) => total + z * neighbour[i]!, 0);
    expect(Math.abs(sum / Math.sqrt(sample.length))).toBeLessThan(4);
  });

  test.each([
    [[42, 0, 0], 'latent size: expected an integer from 1 to 65536, got 0'],
    [[42, 0, 1.5], 'latent size: expected an integer from 1 to 65536, got 1.5'],
    [[42, -1, 8], 'sample index: expected an integer from 0 to 4294967295, got -1'],
    [[42, 2 ** 32, 8], 'sample index: expected an integer from 0 to 4294967295, got 4294967296'],
    [[-1, 0, 8], 'seed: expected an integer from 0 to 9007199254740991, got -1'],
  ] as const)('%j: %s', ([seed, index, dim], message) => {
    expect(() => latents(seed, index, dim)).toThrow(message);
  });
});

/** Φ(z) by its Taylor series about 0; its rounding error stays below 1e-9 for |z| < 5.5. */
function normalCdf(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k += 1) {
    term *= (-z * z * (2 * k - 1)) / (2 * k * (2 * k + 1));
    sum += term;
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}
