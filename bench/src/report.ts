import type { Comparison, ContenderResult } from './engines.ts';
import type { Summary } from './interleave.ts';
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

/** A table for each network and batch, then what each contender is, or why it has no number. */
export function formatReport(comparisons: readonly Comparison[]): string {
  const lines: string[] = [];
  const notes = new Set<string>();
  for (const { preset, batch, flops, contenders } of comparisons) {
    lines.push('', `${preset}, batch ${batch}, ${(flops / 1e9).toFixed(2)} GFLOP a step`);
    lines.push(...formatTable([HEADER, ...contenders.map(formatRow)]));
    for (const result of contenders) {
      const note = 'failed' in result ? result.failed : result.description;
      notes.add(`${result.name}: ${note}`);
    }
  }
  const base = comparisons[0]?.contenders[0]?.name;
  lines.push('', ...notes);
  lines.push(
    `ratio: the time of a step over that of ${base}, the median of all rounds (of all starts: smallest–largest)`,
  );
  return `${lines.join('\n')}\n`;
}

const HEADER = ['', 'steps/s', 'ms/step (min–max)', 'GFLOP/s', 'peak MB', 'first step, s', 'ratio'];

function formatRow(result: ContenderResult): string[] {
  if ('failed' in result) return [result.name, ...HEADER.slice(1).map(() => '–')];
  const { name, secondsPerStep, stepsPerSecond, gflops, peakBytes, firstStepSeconds, ratio } =
    result;
  const ms = (seconds: number) => digits(seconds * 1000);
  const { median, min, max } = secondsPerStep;
  return [
    name,
    digits(stepsPerSecond),
    `${ms(median)} (${ms(min)}–${ms(max)})`,
    digits(gflops),
    (peakBytes / 1e6).toFixed(0),
    digits(firstStepSeconds),
    ratio === undefined ? '–' : formatRatio(ratio),
  ];
}

function formatRatio({ median, min, max }: Summary): string {
  const range = min === max ? '' : ` (${digits(min)}–${digits(max)})`;
  return digits(median) + range;
}

/** Three digits, or all of a larger number. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The first column to the left, numbers to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
