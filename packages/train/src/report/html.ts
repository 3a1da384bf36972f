/** Pieces of a page. What comes from a run folder is escaped here, and nowhere else. */

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, value]) => {
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
  });
  return `<table>${lines.join('')}</table>`;
}

/** Nothing for no lines. */
export function listOf(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}
