/** JSON for a terminal too. */

/** What JSON.stringify leaves as it is, and a terminal acts upon: DEL, C1, separators, directions of writing. */
const ACTED_UPON = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The document of `--json`: the same values, with such characters escaped. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    ACTED_UPON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
