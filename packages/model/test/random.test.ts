import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import {
  fillWords,
  nameIndex,
  permutation,
  randomSequence,
  STREAM,
  threefry2x32,
} from '../src/random.ts';

const words = (seed: number, index: number, count: number) => {
  const out = new Uint32Array(count);
  fillWords(out, seed, STREAM.latents, index);
  return out;
};

describe('threefry2x32', () => {
  // The known-answer vectors of Random123, the authors' own implementation.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)('key %j, counter %j', ([k0, k1], [c0, c1], expected) => {
    const out = new Uint32Array(2);
    threefry2x32(out, 0, k0, k1, c0, c1);
    expect([...out]).toEqual(expected);
  });
});

describe('words', () => {
  test('every byte of a word is uniform', () => {
    const sample = words(42, 0, 1 << 20);
    for (const shift of [0, 8, 16, 24]) {
      const counts = new Array<number>(256).fill(0);
      for (const word of sample) counts[(word >>> shift) & 255]! += 1;
      const expected = sample.length / 256;
      const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: mean 255, variance 510.
      expect(Math.abs(chiSquare - 255) / Math.sqrt(510)).toBeLessThan(4);
    }
  });

  test('one flipped bit of the seed or the index flips half of the bits', () => {
    const base = words(42, 7, 1024);
    const others = [
      ...Array.from({ length: 53 }, (_, bit) => words(Number(42n ^ (1n << BigInt(bit))), 7, 1024)),
      ...Array.from({ length: 32 }, (_, bit) => words(42, (7 ^ (1 << bit)) >>> 0, 1024)),
    ];
    for (const other of others) {
      let flipped = 0;
      other.forEach((word, i) => {
        for (let bits = word ^ base[i]!; bits !== 0; bits &= bits - 1) flipped += 1;
      });
      // 32,768 fair coins: standard deviation 90.5.
      expect(Math.abs(flipped - 16_384)).toBeLessThan(4.5 * 90.5);
    }
  });

  test('a longer sequence starts with the shorter one', () => {
    expect(words(1, 2, 9).subarray(0, 4)).toEqual(words(1, 2, 4));
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('seed %d is refused', (seed) => {
    expect(() => fillWords(new Uint32Array(2), seed, STREAM.latents, 0)).toThrow(ModelError);
    expect(() => randomSequence(seed, STREAM.glyphs, 0)).toThrow(/^seed: expected an integer/);
  });
});

describe('a sequence', () => {
  test('draws the words in order', () => {
    const { uniform } = randomSequence(3, STREAM.latents, 5);
    const expected = Array.from(words(3, 5, 7), (word) => (word + 0.5) / 2 ** 32);
    expect(expected.map(() => uniform())).toEqual(expected);
  });

  test.each([3, 10, 1000, 3_000_000_000])('below(%d) is uniform', (bound) => {
    const { below } = randomSequence(9, STREAM.glyphs, 0);
    const draws = Array.from({ length: 100_000 }, () => below(bound));
    expect(draws.every((n) => Number.isInteger(n) && n >= 0 && n < bound)).toBe(true);
    const thirds = [0, 0, 0];
    for (const n of draws) thirds[Math.floor((3 * n) / bound)]! += 1;
    const expected = [0, 1, 2].map(
      (k) => (Math.ceil(((k + 1) * bound) / 3) - Math.ceil((k * bound) / 3)) / bound,
    );
    // A binomial's standard deviation is at most 158 here.
    thirds.forEach((n, k) => {
      expect(Math.abs(n - 100_000 * expected[k]!)).toBeLessThan(4.5 * 158);
    });
  });
});

describe('nameIndex', () => {
  // The test vectors of FNV's authors.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
  ])('%j', (name, expected) => {
    expect(nameIndex(name)).toBe(expected);
  });

  test('is of UTF-8 bytes', () => {
    // FNV-1a of c3 a4 by hand: two steps from the offset basis.
    const step = (hash: bigint, byte: bigint) => ((hash ^ byte) * 0x01000193n) % 2n ** 32n;
    expect(nameIndex('ä')).toBe(Number(step(step(0x811c9dc5n, 0xc3n), 0xa4n)));
  });
});

describe('permutation', () => {
  test('holds every index once', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(1000), fc.nat(300), (seed, epoch, n) => {
        const sorted = permutation(seed, epoch, n).sort();
        expect(sorted).toEqual(Uint32Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test('every order is equally likely', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24_000; epoch += 1) {
      const order = permutation(1, epoch, 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    // 23 degrees of freedom: the 99.99th percentile is 56.
    expect(chiSquare).toBeLessThan(56);
  });
});
