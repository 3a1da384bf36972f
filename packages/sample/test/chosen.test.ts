/** How a person names a class. */
import type { GeneratorMetadata } from '@ganport/model';
import { expect, test } from 'vitest';
import { classIndex } from '../src/chosen.ts';

const of = (...classes: string[]) => ({ classes }) as unknown as GeneratorMetadata;

test('by its name, or its index', () => {
  expect(classIndex('bright', of('dark', 'bright'))).toBe(1);
  expect(classIndex('0', of('dark', 'bright'))).toBe(0);
  // A name comes first.
  expect(classIndex('1', of('1', '0'))).toBe(0);
});

test('of one that there is not, the others are listed; where names are indices, once', () => {
  const digits = of(...Array.from({ length: 10 }, (_, i) => String(i)));
  expect(() => classIndex('12', digits)).toThrow(
    'there is no class "12": expected a number from 0 to 9',
  );
  expect(() => classIndex('12', of('dark', 'bright'))).toThrow(
    'there is no class "12": expected dark, bright, or an index from 0 to 1',
  );
});
