import type * as z from 'zod';

/** Bad input from outside: a configuration, a network, a weights file. One line, for a person. */
export class ModelError extends Error {
  override name = 'ModelError';
}

/** Parses `value` with `schema`; what does not fit becomes one line that starts with `what`. */
export function parseOrThrow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const reasons = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new ModelError(`${what} is not valid: ${reasons.join('; ')}`);
}
