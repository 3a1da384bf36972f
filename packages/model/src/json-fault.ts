/** Why a text is not JSON, and where, for whoever wrote it by hand. */
import { quote } from './quote.ts';

/** A mark, a text in quotes, or another value. Texts are without what cannot stand in them as it is. */
const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has them escaped only.
  /([[\]{}:,])|("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*")|(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** What may come next. */
type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | ':' | 'next';

/**
 * The first place that JSON does not allow, as "line 3, column 7: a comment, …", or that has a name for a second time, of
 * which JSON.parse keeps the last value; undefined where there is none.
 */
export function jsonFault(text: string): string | undefined {
  /** Objects and lists that are open, by their marks. */
  const open: string[] = [];
  /** The names of each so far. */
  const named: Set<string>[] = [];
  let expected: Expected = 'value';
  let comma: number | undefined;
  for (let at = skipSpace(text, 0); ; at = skipSpace(text, TOKEN.lastIndex)) {
    if (at === text.length && expected === 'next' && open.length === 0) return undefined;
    TOKEN.lastIndex = at;
    const [token, mark, string] = TOKEN.exec(text) ?? [];
    if (comma !== undefined && (mark === '}' || mark === ']')) {
      return `${place(text, comma)}: a comma after the last entry: remove it`;
    }
    const follows: Expected | '' | undefined =
      token && after(expected, mark ?? (string ? 'text' : 'other'), open);
    if (!follows) return `${place(text, at)}: ${explain(text, at, describe(expected, open))}`;
    if (mark === '{' || mark === '[') named[open.length - 1] = new Set();
    if (follows === ':') {
      const [names, name] = [named[open.length - 1]!, JSON.parse(string!)];
      if (names.has(name))
        return `${place(text, at)}: ${quote(name)} for the second time: remove one`;
      names.add(name);
    }
    comma = mark === ',' ? at : undefined;
    expected = follows;
  }
}

/** What may come after a token, which opens or closes; undefined if it may not come itself. */
function after(expected: Expected, token: string, open: string[]): Expected | undefined {
  const isValue = expected === 'value' || expected === 'value or ]';
  switch (token) {
    case '{':
    case '[':
      if (!isValue) return undefined;
      open.push(token);
      return token === '{' ? 'name or }' : 'value or ]';
    case '}':
    case ']': {
      const [opened, first] = token === '}' ? ['{', 'name or }'] : ['[', 'value or ]'];
      if (open.at(-1) !== opened || (expected !== first && expected !== 'next')) return undefined;
      open.pop();
      return 'next';
    }
    case ':':
      return expected === ':' ? 'value' : undefined;
    case ',':
      if (expected !== 'next' || open.length === 0) return undefined;
      return open.at(-1) === '{' ? 'name' : 'value';
    case 'text':
      if (expected === 'name' || expected === 'name or }') return ':';
  }
  return isValue ? 'next' : undefined;
}

function describe(expected: Expected, open: readonly string[]): string {
  if (expected === 'next') {
    return open.length === 0 ? 'nothing more' : `, or ${open.at(-1) === '{' ? '}' : ']'}`;
  }
  return expected === ':' ? expected : `a ${expected.replace('name', 'name in double quotes')}`;
}

function explain(text: string, at: number, expected: string): string {
  const rest = text.slice(at, at + 40);
  if (/^(?:\/[/*]|#)/.test(rest)) return 'a comment, which JSON does not have: remove it';
  if (rest.startsWith("'")) return `expected ${expected}, got a single quote: JSON has double ones`;
  if (rest === '') return `expected ${expected}, got the end`;
  TOKEN.lastIndex = at;
  if (rest.startsWith('"') && !TOKEN.test(text)) {
    return 'a text that does not end on its line, or that has a control character or a single \\ in it: write them as \\u0001 and \\\\';
  }
  return `expected ${expected}, got ${quote(/^(?:[\w.+-]+|.)/su.exec(rest)![0])}`;
}

const SPACE = /[ \t\r\n]*/y;

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
}

/** Both from 1, as editors count. */
function place(text: string, at: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${at - start + 1}`;
}
