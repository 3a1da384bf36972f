/** Labels as they are kept: indices into the names of the classes. */
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';

/** Labels have 16 bits. */
export const MAX_CLASSES = 2 ** 16;

/** No labels yet, as wide as the classes need. */
export function labelsOf(classes: readonly string[], count: number): Uint8Array | Uint16Array {
  return classes.length > 256 ? new Uint16Array(count) : new Uint8Array(count);
}

/**
 * Numbers as indices into those that occur, in their order: EMNIST's letters begin at 1.
 * @param what the numbers are from, for errors
 * @throws ModelError for negative ones, which mark what has no label, or more than 65,536 classes
 */
export function asClasses(
  numbers: ArrayLike<number>,
  what: string,
): Required<Pick<Dataset, 'labels' | 'classes'>> {
  const found = new Set<number>();
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new ModelError(
        `${what}: label ${i}: expected a whole number from 0 on, got ${number}; leave out images without a label`,
      );
    }
    found.add(number);
    if (found.size <= MAX_CLASSES) continue;
    throw new ModelError(
      `${what}: more than ${MAX_CLASSES} different labels; at most so many are read`,
    );
  }
  const sorted = [...found].sort((a, b) => a - b);
  const indices = new Map(sorted.map((number, index) => [number, index]));
  const classes = sorted.map(String);
  const labels = labelsOf(classes, numbers.length);
  for (let i = 0; i < labels.length; i++) labels[i] = indices.get(numbers[i]!)!;
  return { labels, classes };
}
