/** Rows of a name and a value, the values below each other. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => name.padEnd(width) + value).join('\n');
}

/** Rows of cells below each other, as lines, under a head; a column that is empty beneath it is left out. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const [head, ...rest] = rows as [readonly string[], ...(readonly string[])[]];
  const kept = [...head.keys()].filter((i) => rest.some((row) => row[i] !== ''));
  const widths = kept.map((i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    kept
      .map((i, at) => row[i]!.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}
