import type * as z from 'zod';

/** Bad input from outside: a configuration, a network, a weights file. One line, for a person. */
export class ModelError extends Error {
  override name = 'ModelError';
}

/** Reasons listed before the rest are only counted: a hostile file can have any number. */
const MAX_REASONS = 5;

/** Parses `value` with `schema`; what does not fit becomes one line that starts with `what`. */
export function parseOrThrow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const reasons = issues
    .slice(0, MAX_REASONS)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  if (issues.length > MAX_REASONS) reasons.push(`and ${issues.length - MAX_REASONS} more`);
  throw new ModelError(`${what} is not valid: ${reasons.join('; ')}`);
}
