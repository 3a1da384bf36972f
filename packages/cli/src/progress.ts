/** Training progress on stderr: a bar in a terminal, a line now and then elsewhere. */
import type { Metrics } from '@ganport/train';
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
  update(step: number, metrics: Metrics): void;
  /** Leaves the bar as it is; what comes later is not shown. */
  stop(): void;
}

export function trainingProgress(steps: number, log: Log): Progress {
  const show = process.stderr.isTTY ? bar() : lines(steps, log);
  const rate = stepRate();
  let smooth: Metrics | undefined;
  let stopped = false;
  return {
    update(step, metrics) {
      if (stopped) return;
      smooth = smooth ? blend(smooth, metrics) : metrics;
      show.update({ step, steps, metrics: smooth, rate: rate(step) });
    },
    stop() {
      stopped = true;
      show.stop();
    },
  };
}

interface Display {
  update(state: ProgressState): void;
  stop(): void;
}

function bar(): Display {
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
    stop: () => single.stop(),
  };
}

function lines(steps: number, log: Log): Display {
  let last = Number.NEGATIVE_INFINITY;
  return {
    update(state) {
      if (state.step < steps && performance.now() - last < LINE_EVERY_MS) return;
      last = performance.now();
      log(plainLine(state));
    },
    stop() {},
  };
}

/** Steps per second over the last seconds, of steps told one after the other. */
function stepRate(): (step: number) => number | undefined {
  const marks: { step: number; time: number }[] = [];
  return (step) => {
    const time = performance.now();
    marks.push({ step, time });
    while (marks.length > 2 && time - marks[0]!.time > RATE_OVER_MS) marks.shift();
    const first = marks[0]!;
    return step === first.step ? undefined : ((step - first.step) / (time - first.time)) * 1000;
  };
}

function blend(old: Metrics, fresh: Metrics): Metrics {
  const mix = (key: keyof Metrics) => old[key] + (fresh[key] - old[key]) * SMOOTHING;
  return { dLoss: mix('dLoss'), gLoss: mix('gLoss'), dReal: mix('dReal'), dFake: mix('dFake') };
}
