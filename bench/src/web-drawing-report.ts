/** What `bench web` says of drawing. */
import type { Kind } from './counting-server.ts';
import type { Summary } from './interleave.ts';
import { formatTable } from './report.ts';
import { type FirstPicture, REQUEST, type WebDrawn } from './web-drawing.ts';

/** A table for each network; "×" tells how many times as fast as the peer that its line has it is. */
export function formatWebDrawing(results: readonly WebDrawn[]): string {
  const lines: string[] = [];
  for (const preset of new Set(results.map((one) => one.preset))) {
    const own = results.filter((one) => one.preset === preset);
    const rows = own.map((one) => rowOf(one, own));
    const head = ['', 'first: cold', 'warm', 'cold, CPU', 'kB: cold', 'warm', 'pictures/s', 'CPU'];
    lines.push(
      '',
      `${preset}: first picture in ms, then pictures in requests for ${REQUEST[preset]}`,
    );
    lines.push(...formatTable([head, ...rows]));
  }
  const descriptions = new Map(results.map((one) => [one.contender, one.description]));
  const notes = [...descriptions].map(([name, text]) => `${name}: ${text ?? 'it did not draw'}`);
  return `${[...lines, '', ...notes].join('\n')}\n`;
}

function rowOf(one: WebDrawn, all: readonly WebDrawn[]): string[] {
  const { contender, failure, cold, warm, seconds, cpu } = one;
  if (!cold || !warm || !seconds || !cpu) {
    return [contender, `– (${failure})`, '', '', '', '', '', ''];
  }
  const peer = all.find((other) => other.contender === one.peer);
  const times = (of: (drawn: WebDrawn) => Summary | undefined) => {
    const theirs = peer && of(peer);
    return theirs ? ` (${(theirs.median / of(one)!.median).toPrecision(2)}×)` : '';
  };
  return [
    contender,
    `${ms(cold.seconds)}${times((drawn) => drawn.cold?.seconds)}`,
    `${ms(warm.seconds)}${times((drawn) => drawn.warm?.seconds)}`,
    `${ms(cold.cpu)}${times((drawn) => drawn.cold?.cpu)}`,
    kilobytes(cold),
    kilobytes(warm),
    `${(1 / seconds.median).toPrecision(3)}${times((drawn) => drawn.seconds)}`,
    `${(1000 * cpu.median).toPrecision(3)} ms${times((drawn) => drawn.cpu)}`,
  ];
}

function ms({ median }: Summary): string {
  return (1000 * median).toFixed(0);
}

/** What was sent, and of it what is not the model. */
function kilobytes({ bytes }: FirstPicture): string {
  const kinds = Object.keys(bytes) as Kind[];
  const sum = (of: readonly Kind[]) => of.reduce((total, kind) => total + bytes[kind], 0) / 1000;
  const [all, others] = [sum(kinds), sum(kinds.filter((kind) => kind !== 'model'))];
  return `${all.toFixed(0)} (${others.toFixed(0)})`;
}
