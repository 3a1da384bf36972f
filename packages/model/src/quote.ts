const MAX_QUOTED = 80;

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
