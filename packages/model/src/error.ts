import type * as z from 'zod';
import { explainIssue } from './issues.ts';
import { jsonExcess } from './json.ts';
import { jsonFault } from './json-fault.ts';
import { quote } from './quote.ts';

export { quote };

/** Bad input from outside: a configuration, a network, a weights file. One line, for a person. */
export class ModelError extends Error {
  override name = 'ModelError';
}

/** Reasons listed before the rest are only counted: a hostile file can have any number. */
const MAX_REASONS = 5;
const MAX_LINE = 500;

/** Parses `value` with `schema`; what does not fit becomes one line that starts with `what`. */
export function parseOrThrow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.infer<S> {
  const result = parseOrReason(schema, value);
  if ('data' in result) return result.data;
  throw new ModelError(`${what} is not valid: ${result.reason}`);
}

/**
 * Parses `value` with `schema`; what does not fit becomes one line: "count: expected …, got …; it takes no …".
 * `fields` are the first places that it is about.
 */
export function parseOrReason<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { data: z.infer<S> } | { reason: string; fields: string[] } {
  const result = schema.safeParse(value, { error: explainIssue });
  if (result.success) return { data: result.data };
  const issues = result.error.issues.flatMap(withinUnion);
  // Of a number that is too large for one reason and for another, the same is said.
  const all = [...new Set(issues.map((issue) => oneLine(reasonOf(issue, value))))];
  const reasons = all.slice(0, MAX_REASONS);
  if (all.length > MAX_REASONS) reasons.push(`and ${all.length - MAX_REASONS} more`);
  const fields = issues.flatMap(({ path }) => (path.length > 0 ? [String(path[0])] : []));
  return { reason: reasons.join('; '), fields };
}

/** What is wrong within the one of a union's kinds of value that was given, such as the object of a number or an object. */
function withinUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const given = issue.errors.filter((errors) => !errors.some(isOfAnotherKind));
  if (given.length !== 1) return [issue];
  return given[0]!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Whether it says that a value is of another kind: a list of another length is. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === 'invalid_type' || ('origin' in issue && issue.origin === 'array');
}

/** Where, what was expected, and what was got. */
function reasonOf({ code, path, message }: z.core.$ZodIssue, value: unknown): string {
  const place = path.join('.');
  if (code === 'unrecognized_keys') {
    const subject = message.startsWith('takes no') ? place || 'it' : place && `${place}:`;
    return `${subject} ${message}`.trimStart();
  }
  if (code === 'invalid_key') return `${place}: ${message}, got ${quote(path.at(-1))}`;
  const found = path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
  if (found === undefined) return `${place || 'it'} is missing: ${message}`;
  return `${place && `${place}: `}${message}, got ${show(found)}`;
}

/** Lists and objects only by their kind: they can be of any size and depth. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  // JSON has no NaN and no infinities, which numbers too large for it become.
  return typeof value === 'number' ? String(value) : quote(value);
}

/** Parses JSON from a file; what is none, or passes a limit, becomes one line that starts with `what`. */
export function parseJson(text: string, what: string): unknown {
  const excess = jsonExcess(text);
  if (excess) throw new ModelError(`${what}: ${excess}`);
  let isOdd = false;
  const look = (key: string, value: unknown) => {
    isOdd ||= key === '__proto__';
    return value;
  };
  let value: unknown;
  try {
    // Half a million values take 0.8 s with it and 0.1 without.
    value = JSON.parse(text, /__proto__|\\u/.test(text) ? look : undefined);
  } catch (error) {
    throw new ModelError(
      `${what} is not JSON: ${oneLine(jsonFault(text) ?? (error as Error).message)}`,
    );
  }
  // Schemas leave it out, as if it were not there.
  if (isOdd) throw new ModelError(`${what}: "__proto__" is no name: choose another`);
  return value;
}

/**
 * The same of what a person writes, where a name for the second time in an object is a slip.
 * @throws ModelError that tells its line, too
 */
export function parseSettings(text: string, what: string): unknown {
  const value = parseJson(text, what);
  const fault = jsonFault(text);
  if (fault) throw new ModelError(`${what}: ${oneLine(fault)}`);
  return value;
}

/** Another's message, which may repeat a file: without line breaks and terminal codes, and not endless. */
function oneLine(message: string): string {
  return message.slice(0, MAX_LINE).replace(/\p{Cc}+/gu, ' ');
}
