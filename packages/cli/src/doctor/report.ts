/** The report as text for a terminal. */
import type { Device } from '@ganport/runtime/node';
import { table } from '../table.ts';
import type { Machine } from './machine.ts';
import type { ProbeStatus } from './status.ts';

export interface Findings {
  versions: Record<string, string>;
  machine: Machine;
  engines: (ProbeStatus & { engine: string; device: Device })[];
}

/** @param columns of the terminal; lines are broken to fit */
export function report({ versions, machine, engines }: Findings, columns: number): string {
  const { cpu, cores, memoryGiB, platform, gpus, noGpu } = machine;
  const system: Row[] = [
    ['machine', [`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}`]],
    ...gpus.map(
      ({ name, driver, memory }): Row => ['GPU', [`${name}, ${memory}, driver ${driver}`]],
    ),
    ...(noGpu ? [['NVIDIA GPU', [`none seen: ${noGpu}`]] satisfies Row] : []),
    ...Object.entries(versions).map(([name, version]): Row => [name, [version]]),
  ];
  const trainers = engines.map(({ engine, device, ...status }): Row => {
    return [`${engine} on ${device}`, describe(status)];
  });
  return lines([...system, ['', ['']], ...trainers], columns);
}

type Row = [string, string[]];

function describe({ works, description, speed, why, remedy }: ProbeStatus): string[] {
  const text = works
    ? [`works: ${speed ? measured(speed) : ''}`, ...(description ? [description] : [])]
    : [`missing: ${why}`];
  if (works && why) text.push(`then stopped: ${why}`);
  if (remedy) text.push(`${works ? 'faster with' : 'needs'} ${remedy}`);
  return text;
}

function measured({ network, batch, steps, stepsPerSecond }: NonNullable<ProbeStatus['speed']>) {
  return `${stepsPerSecond.toPrecision(3)} steps/s (${steps} steps of ${network} at batch ${batch})`;
}

/** Room that is left for values, at least. */
const LEAST_WIDTH = 40;

function lines(rows: readonly Row[], columns: number): string {
  const name = Math.max(...rows.map(([name]) => name.length)) + 2;
  const width = Math.max(LEAST_WIDTH, columns - name);
  return table(
    rows.flatMap(([name, paragraphs]) =>
      paragraphs
        .flatMap((paragraph) => wrap(paragraph, width))
        .map((line, i): [string, string] => [i === 0 ? name : '', line]),
    ),
  ).replaceAll(/ +$/gm, '');
}

/** Breaks at spaces, the lines after the first set in by two; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const broken: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.trim() && line.length + 1 + word.length > width) {
      broken.push(line);
      line = `  ${word}`;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...broken, line];
}
