/** Histograms that are kept elsewhere, in the words of Prometheus: prom-client writes its own alone. */
import type { Histogram } from '@ganport/sample';

export interface HistogramText {
  name: string;
  help: string;
  /** Of each series: its labels, whose values need no escapes, and what was counted. */
  series: readonly { labels: Readonly<Record<string, string>>; histogram: Histogram }[];
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/: of each bound how many values were no larger. */
export function writeHistogram({ name, help, series }: HistogramText): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const { labels, histogram } of series) {
    const own = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const { bounds, counts, sum } = histogram;
    let count = 0;
    for (const [i, more] of counts.entries()) {
      count += more;
      lines.push(`${name}_bucket{${[`le="${bounds[i] ?? '+Inf'}"`, ...own].join()}} ${count}`);
    }
    lines.push(`${name}_sum{${own.join()}} ${sum}`, `${name}_count{${own.join()}} ${count}`);
  }
  return `${lines.join('\n')}\n`;
}
