/** How many samples are of each class, as SVG: a bar for each. */
import { escapeHtml } from './html.ts';

const [WIDTH, HEIGHT, BELOW, ABOVE] = [640, 140, 20, 16];
/** Of more, the names would lie over each other. */
const MOST_NAMED = 30;

/** @param names of the classes; their numbers where there are none */
export function bars(title: string, counts: readonly number[], names?: readonly string[]): string {
  const most = Math.max(1, ...counts);
  const each = WIDTH / Math.max(1, counts.length);
  const columns = counts.map((count, i) => {
    const height = Math.round((count / most) * (HEIGHT - BELOW - ABOVE));
    const [left, middle] = [i * each + each * 0.15, i * each + each / 2].map((x) => x.toFixed(1));
    const top = HEIGHT - BELOW - height;
    const bar = `<rect x="${left}" y="${top}" width="${(each * 0.7).toFixed(1)}" height="${height}"/>`;
    if (counts.length > MOST_NAMED) return bar;
    const name = escapeHtml(names?.[i] ?? String(i));
    return `${bar}<text x="${middle}" y="${top - 4}" text-anchor="middle">${count}</text><text x="${middle}" y="${HEIGHT - 5}" text-anchor="middle">${name}</text>`;
  });
  const said = escapeHtml(title);
  return `<figure><figcaption>${said}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${said}"><g class="bars">${columns.join('')}</g></svg></figure>`;
}
