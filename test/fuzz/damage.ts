/** Files with something changed, as damage, other programs and attackers change them. */
import type { Random } from '../../packages/onnx/test/mutations.ts';

/** Of lengths, counts and offsets, the ones at which checks go wrong. */
const EXTREMES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** What stands in JSON in place of a number. */
const VALUES = [
  '0',
  '-1',
  '1e9',
  '1e400',
  '9007199254740993',
  '"x"',
  'null',
  '[]',
  '{}',
  '[[[[]]]]',
];

/** Changes one to three things. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  let changed: Uint8Array = bytes;
  for (let left = 1 + random(3); left > 0; left--) changed = damageOnce(changed, random);
  return changed;
}

function damageOnce(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(random(256));
  // Headers come first, and most checks are theirs.
  const at = random(2) ? random(bytes.length) : random(Math.min(64, bytes.length));
  const length = 1 + random(Math.min(64, bytes.length - at));
  const copy = Buffer.from(bytes);
  switch (random(8)) {
    case 0:
      copy[at]! ^= 1 << random(8);
      return copy;
    case 1:
      copy[at] = random(256);
      return copy;
    case 2:
      return copy.subarray(0, at);
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    case 4:
      return Buffer.concat([copy.subarray(0, at + length), copy.subarray(at)]);
    case 5: {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(EXTREMES[random(EXTREMES.length)]!);
      if (random(2)) number.reverse();
      copy.set(number.subarray(0, bytes.length - at), at);
      return copy;
    }
    case 6:
      return replaceNumber(copy, random);
    default:
      return copy.fill(random(256), at, at + length);
  }
}

/** Another value in place of one of a text's numbers; what else is in the file stays. */
function replaceNumber(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString('latin1');
  const numbers = [...text.slice(0, 10_000).matchAll(/\b\d+\b/g)];
  const number = numbers[random(numbers.length)];
  if (!number) return bytes;
  const value = VALUES[random(VALUES.length)]!;
  const rest = text.slice(number.index + number[0].length);
  return Buffer.from(text.slice(0, number.index) + value + rest, 'latin1');
}
