/** Models with something changed: bytes, as damage does, or fields, as other writers do. */
import type { Field, Messages } from '../src/schema.ts';
import { SCHEMA } from '../src/schema.ts';

/** A field of a message as it stands in a file. */
interface Part {
  id: number;
  wire: number;
  /** The number's or the content's bytes; of a message, its fields. */
  content: Uint8Array | Part[];
}

/** A number from 0 to `below` − 1. */
export type Random = (below: number) => number;

/** The mulberry32 generator: seeded, and good enough to choose with. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) * 2 ** -32 * below);
  };
}

/** Changes one to three things. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  if (random(3) === 0) return mutateBytes(bytes, random);
  const model = parse('Model', bytes);
  for (let left = 1 + random(3); left > 0; left -= 1) mutateParts(model, random);
  return write(model);
}

function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  const changed = Uint8Array.from(bytes);
  switch (random(5)) {
    case 0:
      changed[at]! ^= 1 << random(8);
      return changed;
    case 1:
      changed[at] = random(256);
      return changed;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return join([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
    default:
      return join([bytes.subarray(0, at), Uint8Array.of(random(256)), bytes.subarray(at)]);
  }
}

const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  14n,
  15n,
  28n,
  29n,
  127n,
  2n ** 31n,
  2n ** 32n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const TEXTS = ['', 'x', 'ai.onnx', 'com.example', '../x', '\x1b[31m', 'ß'].map((text) =>
  Buffer.from(text),
);
/** GBK, no UTF-8. */
TEXTS.push(Buffer.from([0xb0, 0xa1]));

function mutateParts(model: Part[], random: Random): void {
  const lists = listsOf(model);
  const parts = lists[random(lists.length)]!;
  const at = random(parts.length);
  const part = parts[at];
  if (!part) return;
  switch (random(9)) {
    case 0:
      parts.splice(at, 1);
      return;
    case 1:
      parts.splice(random(parts.length + 1), 0, part);
      return;
    case 2:
      parts.push(...parts.splice(at, 1));
      return;
    case 3:
      // A field that no version of onnx.proto has, a number or a group.
      parts.splice(
        at,
        0,
        random(2) ? unknown(0, [7]) : unknown(3, [0x08, 1, ...varint((900n << 3n) | 4n)]),
      );
      return;
    case 4:
      part.id = 1 + random(28);
      return;
    case 5:
      if (part.wire === 0) part.content = Uint8Array.from(nonMinimal(part.content as Uint8Array));
      else Object.assign(part, { wire: 0, content: Uint8Array.of(random(128)) });
      return;
    case 6:
      if (part.wire === 0) Object.assign(part, { wire: 2, content: part.content });
      else if (Array.isArray(part.content)) part.content.splice(0);
      return;
    default:
      if (part.wire === 0) part.content = Uint8Array.from(varint(NUMBERS[random(NUMBERS.length)]!));
      else if (!Array.isArray(part.content)) {
        const other = random(2) ? TEXTS[random(TEXTS.length)]! : textOf(lists, random);
        if (part.wire === 2) part.content = other;
      } else parts.splice(at, 0, ...part.content);
  }
}

function unknown(wire: number, content: number[]): Part {
  return { id: 900, wire, content: Uint8Array.from(content) };
}

/** Every message of a model, itself included. */
function listsOf(parts: Part[]): Part[][] {
  return [
    parts,
    ...parts.flatMap(({ content }) => (Array.isArray(content) ? listsOf(content) : [])),
  ];
}

/** The content of another field: names end up where other names were. */
function textOf(lists: Part[][], random: Random): Uint8Array {
  const texts = lists
    .flat()
    .flatMap(({ wire, content }) => (wire === 2 && !Array.isArray(content) ? [content] : []));
  return texts[random(texts.length)] ?? Buffer.alloc(0);
}

function parse(message: keyof Messages, bytes: Uint8Array): Part[] {
  const fields = Object.values<Field>(SCHEMA[message]);
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const id = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    let start = at + tag.length;
    let end = start;
    if (wire === 0) end += readVarint(bytes, start).length;
    else if (wire === 2) {
      const size = readVarint(bytes, start);
      start += size.length;
      end = start + Number(size.value);
    } else end += wire === 1 ? 8 : 4;
    const content = bytes.subarray(start, end);
    const type = fields.find(([number]) => number === id)?.[1];
    const inner = type !== undefined && type in SCHEMA;
    parts.push({ id, wire, content: inner ? parse(type as keyof Messages, content) : content });
    at = end;
  }
  return parts;
}

function write(parts: readonly Part[]): Uint8Array {
  return join(
    parts.flatMap(({ id, wire, content }) => {
      const body = Array.isArray(content) ? write(content) : content;
      const tag = varint((BigInt(id) << 3n) | BigInt(wire));
      const head = wire === 2 ? [...tag, ...varint(BigInt(body.length))] : tag;
      return [Uint8Array.from(head), body];
    }),
  );
}

function readVarint(bytes: Uint8Array, at: number): { value: bigint; length: number } {
  let value = 0n;
  for (let length = 1; ; length += 1) {
    const byte = bytes[at + length - 1]!;
    value |= BigInt(byte & 127) << BigInt(7 * (length - 1));
    if (byte < 128) return { value, length };
  }
}

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

/** The same number in one byte more. */
function nonMinimal(bytes: Uint8Array): number[] {
  return [...bytes.subarray(0, -1), bytes.at(-1)! | 128, 0];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
