/** Text of a file: as it was written, whatever its encoding, and as a terminal may be given it. */

/** A byte that is no part of UTF-8 is kept as this lone surrogate plus the byte, as Python's PEP 383 does. */
const ESCAPE = 0xdc00;

/** Text with such bytes in it. With the flag u, a pair of surrogates is one character and no match. */
const ESCAPED = /[\udc80-\udcff]/u;

/** Code units that one call of String.fromCharCode is given. */
const CHUNK = 8192;

/**
 * Bytes as text from which `textToBytes` makes the same bytes again. ONNX's names should be UTF-8, but
 * runtimes compare them as bytes: two names in another encoding must not become one.
 */
export function bytesToText(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const { code, length } = readCharacter(bytes, at);
    if (code > 0xffff) {
      units[count++] = 0xd7c0 + (code >> 10);
      units[count++] = 0xdc00 + (code & 0x3ff);
    } else units[count++] = code;
    at += length;
  }
  let text = '';
  for (let at = 0; at < count; at += CHUNK) {
    text += String.fromCharCode(...units.subarray(at, Math.min(count, at + CHUNK)));
  }
  return text;
}

/** The bytes of text with bytes in it that are not UTF-8; undefined where plain UTF-8 will do. */
export function textToBytes(text: string): Uint8Array | undefined {
  if (!ESCAPED.test(text)) return undefined;
  const utf8 = new TextEncoder();
  const parts = text
    .split(/([\udc80-\udcff])/u)
    .map((part) => (ESCAPED.test(part) ? Uint8Array.of(part.charCodeAt(0)) : utf8.encode(part)));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface Character {
  /** A Unicode code point, or an escaped byte. */
  code: number;
  /** Bytes that it takes. */
  length: number;
}

/** The least code point that takes one continuation byte, two, three: a smaller one is no UTF-8. */
const LEAST = [0x80, 0x800, 0x10000];

function readCharacter(bytes: Uint8Array, at: number): Character {
  const first = bytes[at]!;
  if (first < 0x80) return { code: first, length: 1 };
  const escaped = { code: ESCAPE + first, length: 1 };
  const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc0 || first > 0xf7 || at + more >= bytes.length) return escaped;
  let code = first & (0x3f >> more);
  for (let next = 1; next <= more; next += 1) {
    const byte = bytes[at + next]!;
    if ((byte & 0xc0) !== 0x80) return escaped;
    code = (code << 6) | (byte & 0x3f);
  }
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < LEAST[more - 1]! || code > 0x10ffff || surrogate) return escaped;
  return { code, length: more + 1 };
}

/**
 * What a terminal acts upon instead of showing it: control characters of both sets, separators of lines,
 * what turns the direction of writing, and surrogates without a partner.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Characters of a message about a file, whose names can have any length. */
const MAX_MESSAGE = 500;
const END = 200;

/** A message that quotes a file: printable, and not endless. What is wrong stands near its end. */
export function printableMessage(text: string): string {
  const printed = printable(text);
  if (printed.length <= MAX_MESSAGE) return printed;
  return `${printed.slice(0, MAX_MESSAGE - END)}…${printed.slice(-END)}`;
}

/**
 * Text from a file as it may be printed: on one line, with `\x1b` or `\u202e` in place of what a terminal
 * would act upon, and `\xb0` for a byte that is not UTF-8.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const unit = character.charCodeAt(0);
    const byte = unit >= ESCAPE + 0x80 && unit <= ESCAPE + 0xff ? unit - ESCAPE : unit;
    return byte < 0x100
      ? `\\x${byte.toString(16).padStart(2, '0')}`
      : `\\u${byte.toString(16).padStart(4, '0')}`;
  });
}
