import type { Comparison, ContenderResult } from './engines.ts';
import type { Machine } from './machine.ts';

/** The machine, in two lines for a person. */
export function formatMachine({
  cpu,
  cores,
  memoryBytes,
  node,
  onnxruntime,
  matmul,
}: Machine): string {
  const rates = matmul.map(
    ({ threads, gflops }) => `${gflops.toFixed(0)} GFLOP/s on ${plural(threads, 'thread')}`,
  );
  const memory = (memoryBytes / 2 ** 30).toFixed(0);
  return (
    `${cpu}, ${plural(cores, 'core')}, ${memory} GiB, Node ${node}\n` +
    `float32 matrix product, onnxruntime ${onnxruntime}: ${rates.join(', ')}\n`
  );
}

/** A table for each network and batch, then what the contenders are. */
export function formatReport(comparisons: readonly Comparison[]): string {
  const lines: string[] = [];
  const descriptions = new Map<string, string>();
  for (const { preset, batch, flops, contenders } of comparisons) {
    lines.push('', `${preset}, batch ${batch}, ${(flops / 1e9).toFixed(2)} GFLOP a step`);
    lines.push(...formatTable([HEADER, ...contenders.map(formatRow)]));
    for (const result of contenders) {
      if (!('failed' in result)) descriptions.set(result.name, result.description);
    }
  }
  lines.push('', ...[...descriptions].map(([name, text]) => `${name}: ${text}`));
  const base = comparisons[0]?.contenders[0]?.name;
  lines.push(
    `ratio: times the seconds per step of ${base}, the median of the ratios within each round`,
  );
  return `${lines.join('\n')}\n`;
}

const HEADER = ['', 'steps/s', 'ms/step (min–max)', 'GFLOP/s', 'peak MB', 'ratio'];

/** Of one that failed: its name and the reason. */
function formatRow(result: ContenderResult): string[] {
  if ('failed' in result) return [result.name, `– ${result.failed}`];
  const { name, secondsPerStep, stepsPerSecond, gflops, peakBytes, ratio } = result;
  const ms = (seconds: number) => digits(seconds * 1000);
  const { median, min, max } = secondsPerStep;
  return [
    name,
    digits(stepsPerSecond),
    `${ms(median)} (${ms(min)}–${ms(max)})`,
    digits(gflops),
    (peakBytes / 1e6).toFixed(0),
    ratio === undefined ? '–' : digits(ratio),
  ];
}

/** Three digits, or all of a larger number. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The first column to the left, numbers to the right; a row's only cell after the first runs on. */
function formatTable(rows: readonly (readonly string[])[]): string[] {
  const whole = rows.filter((row) => row.length === HEADER.length);
  const width = (column: number) =>
    Math.max(...(column === 0 ? rows : whole).map((row) => row[column]!.length));
  const widths = HEADER.map((_, column) => width(column));
  return rows.map(([name, ...cells]) => {
    const padded = cells.map((cell, i) =>
      cells.length > 1 ? cell.padStart(widths[i + 1]!) : cell,
    );
    return [name!.padEnd(widths[0]!), ...padded].join('  ').trimEnd();
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
