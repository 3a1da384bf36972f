/** Training progress on stderr: a bar in a terminal, a line now and then elsewhere. */
import type { Metrics, Score } from '@ganport/train';
import { Presets, SingleBar } from 'cli-progress';
import type { Log } from './command.ts';
import { barLine, type ProgressState, plainLine } from './progress-line.ts';

/** Where there is no terminal, a line this often. */
const LINE_EVERY_MS = 10_000;
/** Speed is measured over the last steps that took this long. */
const RATE_OVER_MS = 5000;
/** Share of the newest step in the smoothed metrics. */
const SMOOTHING = 0.02;

export interface Progress {
  /** Told when training begins, which speed is measured from. */
  start(): void;
  update(step: number, metrics: Metrics): void;
  /** Told of a checkpoint's score. */
  score(score: Score): void;
  /** Says a line beside the progress. */
  note(line: string): void;
  /** Leaves the bar as it is; what comes later is not shown. */
  stop(): void;
}

export function trainingProgress(steps: number, log: Log): Progress {
  const show = process.stderr.isTTY ? bar(log) : lines(log);
  const rate = stepRate();
  let state: ProgressState | undefined;
  let stopped = false;
  return {
    start: rate.start,
    update(step, metrics) {
      if (stopped) return;
      const smooth = state ? blend(state.metrics, metrics) : metrics;
      state = { step, steps, metrics: smooth, rate: rate.at(step), score: state?.score };
      show.update(state);
    },
    score(score) {
      if (stopped || !state) return;
      state = { ...state, score };
      show.update(state);
    },
    note: show.note,
    stop() {
      stopped = true;
      show.stop();
    },
  };
}

interface Display {
  update(state: ProgressState): void;
  note(line: string): void;
  stop(): void;
}

function bar(log: Log): Display {
  let state: ProgressState | undefined;
  const single = new SingleBar(
    {
      format: () => barLine(state!, process.stderr.columns),
      stream: process.stderr,
      hideCursor: true,
      fps: 5,
    },
    Presets.shades_classic,
  );
  return {
    update(next) {
      const first = state === undefined;
      state = next;
      if (first) single.start(next.steps, next.step);
      else single.update(next.step);
    },
    note(line) {
      // The bar's line is taken by this one; the bar is drawn anew below.
      if (state) process.stderr.write('\r\u001b[K');
      log(line);
    },
    stop: () => single.stop(),
  };
}

function lines(log: Log): Display {
  let last = Number.NEGATIVE_INFINITY;
  return {
    update(state) {
      const { step, steps, score } = state;
      // The last line has the last score.
      const over = step === steps && score?.step === steps;
      if (!over && performance.now() - last < LINE_EVERY_MS) return;
      last = performance.now();
      log(plainLine(state));
    },
    note: log,
    stop() {},
  };
}

/** Steps per second over the last seconds. */
function stepRate(): { start(): void; at(step: number): number | undefined } {
  const marks: { step: number; time: number }[] = [];
  let started = performance.now();
  return {
    start() {
      started = performance.now();
    },
    at(step) {
      const time = performance.now();
      if (marks.length === 0) marks.push({ step: step - 1, time: started });
      marks.push({ step, time });
      while (marks.length > 2 && time - marks[0]!.time > RATE_OVER_MS) marks.shift();
      const first = marks[0]!;
      return step - first.step < 2 ? undefined : ((step - first.step) / (time - first.time)) * 1000;
    },
  };
}

function blend(old: Metrics, fresh: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(fresh).map(([name, value]) => {
      const before = old[name] ?? value;
      return [name, before + (value - before) * SMOOTHING];
    }),
  );
}
