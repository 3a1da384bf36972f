/** The chart of `bench engines`. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Comparison, Measured } from './engines.ts';
import { digits } from './report.ts';

interface Dot extends Measured {
  readonly name: string;
  readonly title: string;
}

/**
 * Steps per second as an SVG: a dot for the median of each contender that was measured, a line from its
 * slowest round to its fastest. Dots, since a bar's length means nothing on a logarithmic axis.
 * @param subtitle what it was measured on
 */
export function plotEngines(comparisons: readonly Comparison[], subtitle: string): string {
  const dots: Dot[] = comparisons.flatMap(({ contenders, ...comparison }) =>
    contenders.flatMap((result) =>
      'failed' in result ? [] : [{ ...result, title: titleOf(comparison) }],
    ),
  );
  const names = [...new Set(dots.map(({ name }) => name))];
  const titles = comparisons.map(titleOf);
  const { document } = parseHTML('<html></html>');
  const facet = { fy: 'title', y: 'name' } as const;
  const svg = Plot.plot({
    document,
    width: 800,
    height: 110 + titles.length * (40 + 18 * names.length),
    marginTop: 60,
    marginLeft: 140,
    marginRight: 120,
    marginBottom: 50,
    style: { background: 'white', color: '#222', fontSize: '12px' },
    x: {
      type: 'log',
      label: 'training steps per second (log scale)',
      labelAnchor: 'center',
      grid: true,
      tickFormat: '~g',
      nice: true,
    },
    y: { domain: names, label: null, tickSize: 0, padding: 0.4 },
    fy: { domain: titles, axis: null, padding: 0.25 },
    color: { domain: names, scheme: 'observable10' },
    marks: [
      Plot.frame({ stroke: '#ddd' }),
      Plot.text(titles, {
        fy: (title) => title,
        text: (title) => title,
        frameAnchor: 'top-left',
        dy: -16,
        fontWeight: 'bold',
      }),
      Plot.ruleY(dots, {
        ...facet,
        x1: ({ secondsPerStep }: Dot) => 1 / secondsPerStep.max,
        x2: ({ secondsPerStep }: Dot) => 1 / secondsPerStep.min,
        stroke: 'name',
        strokeWidth: 2,
      }),
      Plot.dot(dots, { ...facet, x: 'stepsPerSecond', fill: 'name', r: 5 }),
      Plot.text(dots, {
        ...facet,
        x: ({ secondsPerStep }: Dot) => 1 / secondsPerStep.min,
        text: label,
        textAnchor: 'start',
        dx: 10,
      }),
      Plot.text([subtitle], { frameAnchor: 'top-left', text: (line) => line, dy: -40 }),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return svg.outerHTML;
}

function titleOf({ preset, batch }: Pick<Comparison, 'preset' | 'batch'>): string {
  return `${preset}, batch ${batch}`;
}

function label({ stepsPerSecond, ratio }: Dot): string {
  return ratio === undefined
    ? digits(stepsPerSecond)
    : `${digits(stepsPerSecond)}  (${digits(ratio)}×)`;
}
