/** Limits of JSON from outside, checked before anything is made of it. */

/**
 * A value may take two characters of a text and 100 bytes of memory, so these are about 50 MB. A run
 * of two networks of a thousand layers each has 20,000, a weights file of 10,000 tensors 70,000.
 */
export const MAX_JSON_VALUES = 2 ** 19;

/** What walks a value may recurse. The configuration of a run nests 6 deep. */
export const MAX_JSON_DEPTH = 64;

/** What a text has too many of; it is counted in one pass, without being parsed. Undefined within the limits. */
export function jsonExcess(text: string): string | undefined {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case '[':
      case '{':
        depth++;
        values++;
        break;
      case ']':
      case '}':
        depth--;
        break;
      case ',':
        values++;
    }
    if (values > MAX_JSON_VALUES) return excess(MAX_JSON_VALUES, 'values');
    if (depth > MAX_JSON_DEPTH) return excess(MAX_JSON_DEPTH, 'levels');
  }
  return undefined;
}

function excess(most: number, what: string): string {
  return `expected JSON of at most ${most} ${what}, got more`;
}

/** Where the quote is that ends the string which begins at `start`, or the text. */
function endOfString(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let before = end - 1;
    while (text[before] === '\\') before--;
    // An even number of backslashes are escaped themselves.
    if ((end - before) % 2 === 1) return end;
  }
}
