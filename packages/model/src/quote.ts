const MAX_QUOTED = 80;

/** A name or value from a file or a request, on one line and short enough for one. */
export function quote(value: unknown): string {
  if (typeof value === 'string' && value.length > MAX_QUOTED) {
    return escaped(`${value.slice(0, MAX_QUOTED)}…`);
  }
  const text = escaped(value);
  return typeof value === 'string' || text.length <= MAX_QUOTED
    ? text
    : `${text.slice(0, MAX_QUOTED)}…`;
}

/** JSON that is safe on a terminal: it has control characters beyond ASCII's first 32, which need no escape in JSON. */
function escaped(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
