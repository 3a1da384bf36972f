/** Training progress on stderr: a bar in a terminal, a line now and then elsewhere. */
import type { Metrics } from '@ganport/train';
import { Presets, SingleBar } from 'cli-progress';

/** Where there is no terminal, a line this often. */
const LINE_EVERY_MS = 10_000;
/** Share of the newest step in the smoothed metrics. */
const SMOOTHING = 0.02;

export interface Progress {
  update(step: number, metrics: Metrics): void;
  stop(): void;
}

export function trainingProgress(steps: number, log: (line: string) => void): Progress {
  const bar = process.stderr.isTTY ? progressBar() : undefined;
  const clock = new Clock();
  let smooth: Metrics | undefined;
  let lastLine = performance.now();
  return {
    update(step, metrics) {
      const first = smooth === undefined;
      smooth = smooth ? blend(smooth, metrics) : metrics;
      const rate = clock.rate(step);
      const payload = {
        rate: Number.isNaN(rate) ? '–' : rate.toFixed(1),
        left: duration((steps - step) / rate),
        ...fixed(smooth),
      };
      if (bar) {
        if (first) bar.start(steps, step, payload);
        else bar.update(step, payload);
      } else if (first || step === steps || performance.now() - lastLine > LINE_EVERY_MS) {
        lastLine = performance.now();
        const { dLoss, gLoss, dReal, dFake } = payload;
        log(
          `step ${step}/${steps}  ${payload.rate} steps/s  D loss ${dLoss}  G loss ${gLoss}  ` +
            `D(real) ${dReal}  D(fake) ${dFake}  ${payload.left} left`,
        );
      }
    },
    stop: () => bar?.stop(),
  };
}

function progressBar(): SingleBar {
  const format =
    '{bar} {value}/{total}  {rate} steps/s  D loss {dLoss}  G loss {gLoss}  D(real) {dReal}  D(fake) {dFake}  {left} left';
  return new SingleBar(
    { format, barsize: 20, stream: process.stderr, hideCursor: true, fps: 5 },
    Presets.shades_classic,
  );
}

/** Steps per second over the last few seconds. */
class Clock {
  readonly #marks: { step: number; time: number }[] = [];

  rate(step: number): number {
    const time = performance.now();
    this.#marks.push({ step, time });
    while (this.#marks.length > 2 && time - this.#marks[0]!.time > 5000) this.#marks.shift();
    const first = this.#marks[0]!;
    return step === first.step ? Number.NaN : ((step - first.step) / (time - first.time)) * 1000;
  }
}

function blend(old: Metrics, fresh: Metrics): Metrics {
  const mix = (key: keyof Metrics) => old[key] + (fresh[key] - old[key]) * SMOOTHING;
  return { dLoss: mix('dLoss'), gLoss: mix('gLoss'), dReal: mix('dReal'), dFake: mix('dFake') };
}

function fixed(metrics: Metrics): Record<keyof Metrics, string> {
  const entries = Object.entries(metrics).map(([key, value]) => [key, value.toFixed(2)]);
  return Object.fromEntries(entries) as Record<keyof Metrics, string>;
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.ceil(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}h${m}m` : m > 0 ? `${m}m${s}s` : `${s}s`;
}
