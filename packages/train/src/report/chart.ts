/** Curves as SVG: steps across, values up. */
import { escapeHtml } from './html.ts';
import type { Series } from './series.ts';

export interface Curve {
  name: string;
  series: Series;
}

const [WIDTH, HEIGHT] = [640, 220];
const MARGIN = { left: 56, right: 12, top: 12, bottom: 28 };
/** More points than pixels show nothing: each stands for the mean of as many steps. */
const POINTS = 320;
/** Classes of the style sheet, told apart without red and green (after Okabe & Ito 2008). */
const COLOURS = ['c0', 'c1', 'c2', 'c3', 'c4'];

/**
 * One chart of curves that share a scale.
 * @param mark the best step, which a line across it tells
 */
export function chart(title: string, curves: readonly Curve[], mark?: number): string {
  const thinned = curves.map(({ name, series }) => ({ name, series: thin(series) }));
  const all = thinned.flatMap(({ series }) => series);
  const [lastStep, values] = [Math.max(1, ...all.map(([step]) => step)), all.map(([, y]) => y)];
  const ticks = niceTicks(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const x = (step: number) =>
    MARGIN.left + (step / lastStep) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) =>
    HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const lines = thinned.map(({ series }, i) => {
    const points = series.map(([step, value]) => `${round(x(step))},${round(y(value))}`);
    // A single one is a dot: a line of no length with round ends.
    const [only] = points;
    const dot = points.length === 1 ? ' stroke-width="8" stroke-linecap="round"' : '';
    if (dot) points.push(only!);
    return `<polyline points="${points.join(' ')}"${dot} class="${COLOURS[i % COLOURS.length]}"/>`;
  });
  const grid = ticks.map((tick) => {
    const at = round(y(tick));
    const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/>`;
    return `${line}<text x="${MARGIN.left - 6}" y="${at + 4}" text-anchor="end">${label(tick)}</text>`;
  });
  const legend = thinned.map(({ name }, i) => {
    return `<span class="${COLOURS[i % COLOURS.length]}">━ ${escapeHtml(name)}</span>`;
  });
  const marked = mark === undefined || mark > lastStep ? '' : markAt(round(x(mark)));
  const bottom = HEIGHT - MARGIN.bottom + 18;
  return `<figure><figcaption>${escapeHtml(title)} ${legend.join(' ')}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}, by step">
<g class="grid">${grid.join('')}</g>
<text x="${MARGIN.left}" y="${bottom}">0</text>
<text x="${WIDTH - MARGIN.right}" y="${bottom}" text-anchor="end">step ${Math.round(lastStep)}</text>
<g class="lines">${lines.join('')}</g>${marked}</svg></figure>`;
}

/** A line across, and its name on the side that has room. */
function markAt(at: number): string {
  const line = `<line x1="${at}" x2="${at}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/>`;
  const [x, anchor] = at > WIDTH / 2 ? [at - 4, 'end'] : [at + 4, 'start'];
  return `<g class="mark">${line}<text x="${x}" y="${MARGIN.top + 10}" text-anchor="${anchor}">best</text></g>`;
}

/** Means of as many neighbours as leave few enough points. */
export function thin(series: Series, most = POINTS): Series {
  const each = Math.ceil(series.length / most);
  if (each <= 1) return series;
  return Array.from({ length: Math.ceil(series.length / each) }, (_, i) => {
    const part = series.slice(i * each, (i + 1) * each);
    const mean = (of: 0 | 1) => part.reduce((sum, point) => sum + point[of], 0) / part.length;
    return [mean(0), mean(1)];
  });
}

/** Round numbers, three to seven, of which the first and the last enclose all. */
export function niceTicks(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 3));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => span / size <= 5)!;
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const count = Math.max(1, last - first) + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function label(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
