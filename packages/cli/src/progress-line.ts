/** A line about training that fits its terminal. */
import { duration, type Metrics, type Score } from '@ganport/train';
import { figure } from './figure.ts';

export interface ProgressState {
  step: number;
  steps: number;
  metrics: Metrics;
  /** Steps per second; undefined until two steps have been timed. */
  rate: number | undefined;
  /** The last checkpoint's. */
  score?: Score | undefined;
}

/** Characters of a bar: below the least it says nothing. */
const LEAST_BAR = 4;
const LARGEST_BAR = 30;

/** A bar and as much about training as fits `columns`, the least important left out first. */
export function barLine(state: ProgressState, columns: number): string {
  const fields = describe(state);
  const long = fields.map(({ long }) => long);
  const short = fields.map(({ short }) => short);
  const room = columns - LEAST_BAR - 1;
  const candidates = [
    long.join('  '),
    ...short.map((_, i) => short.slice(0, short.length - i).join('  ')),
  ];
  const text = candidates.find(({ length }) => length < room) ?? '';
  const size = Math.max(0, Math.min(LARGEST_BAR, columns - text.length - 2));
  const done = Math.round((size * state.step) / state.steps);
  return `${'█'.repeat(done)}${'░'.repeat(size - done)} ${text}`;
}

/** The same without a bar. */
export function plainLine(state: ProgressState): string {
  return `step ${describe(state)
    .map(({ long }) => long)
    .join('  ')}`;
}

/** Fields by importance, each written out and short. */
function describe({ step, steps, metrics, rate, score }: ProgressState): Field[] {
  const { dLoss, gLoss, dReal, dFake, ...others } = metrics;
  const [d, g, real, fake] = [dLoss, gLoss, dReal, dFake].map((value) => value?.toFixed(2) ?? '–');
  const count = `${step}/${steps}`;
  const fields = [{ long: count, short: count }];
  if (rate !== undefined) {
    const speed = rate < 100 ? rate.toPrecision(3) : rate.toFixed(0);
    const left = duration((steps - step) / rate);
    fields.push({ long: `${speed} steps/s`, short: `${speed}/s` });
    fields.push({ long: `${left} left`, short: left });
  }
  fields.push({ long: `D loss ${d}  G loss ${g}`, short: `loss D ${d} G ${g}` });
  fields.push({
    long: `D(real) ${real}  D(fake) ${fake}`,
    short: `D(real) ${real} (fake) ${fake}`,
  });
  if (score) {
    const [last, best] = [score.value, score.best].map((value) => figure(value, 3));
    const short = `${score.name} ${last}`;
    // Lower or higher: better, whichever it is.
    fields.push({ long: last === best ? `${short} (best)` : `${short} (best ${best})`, short });
  }
  for (const [name, value] of Object.entries(others)) {
    const text = `${name} ${value.toPrecision(3)}`;
    fields.push({ long: text, short: text });
  }
  return fields;
}

interface Field {
  long: string;
  short: string;
}
