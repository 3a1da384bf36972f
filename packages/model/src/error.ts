import type * as z from 'zod';

/** Bad input from outside: a configuration, a network, a weights file. One line, for a person. */
export class ModelError extends Error {
  override name = 'ModelError';
}

/** Reasons listed before the rest are only counted: a hostile file can have any number. */
const MAX_REASONS = 5;
const MAX_QUOTED = 80;
const MAX_LINE = 400;

/** Parses `value` with `schema`; what does not fit becomes one line that starts with `what`. */
export function parseOrThrow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const reasons = issues.slice(0, MAX_REASONS).map(({ path, message }) => {
    const place = path.length > 0 ? `${path.join('.')}: ` : '';
    return oneLine(`${place}${message}${got(value, path)}`);
  });
  if (issues.length > MAX_REASONS) reasons.push(`and ${issues.length - MAX_REASONS} more`);
  throw new ModelError(`${what} is not valid: ${reasons.join('; ')}`);
}

/** Parses JSON from a file; what is none becomes one line that starts with `what`. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${what} is not JSON: ${oneLine((error as Error).message)}`);
  }
}

/** What stands at the path, if that is a word or a number. */
function got(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  return ['string', 'number', 'boolean'].includes(typeof found) ? `, got ${quote(found)}` : '';
}

/** A name or value from a file or a request, on one line and short enough for one. */
export function quote(value: unknown): string {
  if (typeof value === 'string' && value.length > MAX_QUOTED) {
    return JSON.stringify(`${value.slice(0, MAX_QUOTED)}…`);
  }
  const text = JSON.stringify(value) ?? 'nothing';
  return typeof value === 'string' || text.length <= MAX_QUOTED
    ? text
    : `${text.slice(0, MAX_QUOTED)}…`;
}

/** Another's message, which may repeat a file: without line breaks and terminal codes, and not endless. */
function oneLine(message: string): string {
  return message.slice(0, MAX_LINE).replace(/\p{Cc}+/gu, ' ');
}
