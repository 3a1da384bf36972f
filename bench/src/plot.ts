/** The chart of `bench engines`. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Comparison, Measured } from './engines.ts';
import { digits } from './report.ts';

interface Dot extends Measured {
  readonly name: string;
  /** Of the panel that it is in. */
  readonly title: string;
}

/**
 * Steps per second as an SVG, a panel for each comparison: a dot for the median of each contender that
 * was measured, a line from its slowest round to its fastest. Dots, since the length of a bar means
 * nothing on a logarithmic axis.
 * @param machine what it was measured on
 */
export function plotEngines(comparisons: readonly Comparison[], machine: string): string {
  const titles = comparisons.map(titleOf);
  const dots: Dot[] = comparisons.flatMap((comparison) =>
    comparison.contenders.flatMap((result) =>
      'failed' in result ? [] : [{ ...result, title: titleOf(comparison) }],
    ),
  );
  const names = [...new Set(dots.map(({ name }) => name))];
  const missing = titles.flatMap((title) =>
    names
      .filter((name) => !dots.some((dot) => dot.title === title && dot.name === name))
      .map((name) => ({ title, name })),
  );
  const base = comparisons[0]?.contenders[0]?.name;
  const heading = `${machine}\n(×): time of a step over that of ${base}`;
  const { document } = parseHTML('<html></html>');
  const place = { fy: 'title', y: 'name' } as const;
  const fastest = ({ secondsPerStep }: Dot) => 1 / secondsPerStep.min;
  const slowest = ({ secondsPerStep }: Dot) => 1 / secondsPerStep.max;
  const svg = Plot.plot({
    document,
    width: 800,
    height: 130 + titles.length * (40 + 20 * names.length),
    marginTop: 80,
    marginBottom: 50,
    marginLeft: 30 + 7.5 * Math.max(0, ...names.map((name) => name.length)),
    marginRight: 120,
    style: { background: 'white', color: '#222', fontSize: '12px' },
    x: {
      type: 'log',
      nice: true,
      grid: true,
      label: 'training steps per second (log scale)',
      labelAnchor: 'center',
      tickFormat: '~g',
    },
    y: { domain: names, label: null, tickSize: 0 },
    fy: { domain: titles, axis: null, padding: 0.25 },
    color: { domain: names, scheme: 'observable10' },
    marks: [
      Plot.frame({ stroke: '#ddd' }),
      Plot.text([heading], {
        ...{ fy: () => titles[0], text: (line) => line },
        ...{ frameAnchor: 'top-left', lineAnchor: 'bottom', dy: -34, lineHeight: 1.3 },
      }),
      Plot.text(titles, {
        ...{ fy: (title) => title, text: (title) => title },
        ...{ frameAnchor: 'top-left', dy: -16, fontWeight: 'bold' },
      }),
      Plot.ruleY(dots, { ...place, x1: slowest, x2: fastest, stroke: 'name', strokeWidth: 2 }),
      Plot.dot(dots, { ...place, x: 'stepsPerSecond', fill: 'name', r: 5 }),
      Plot.text(dots, { ...place, x: fastest, text: label, textAnchor: 'start', dx: 10 }),
      Plot.text(missing, {
        ...{ ...place, text: () => 'no number', fill: '#888' },
        ...{ frameAnchor: 'left', dx: 6 },
      }),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return svg.outerHTML;
}

function titleOf({ preset, batch }: Comparison): string {
  return `${preset}, batch ${batch}`;
}

function label({ stepsPerSecond, ratio }: Dot): string {
  const times = ratio === undefined ? '' : ` (${digits(ratio.median)}×)`;
  return `${digits(stepsPerSecond)}${times}`;
}
