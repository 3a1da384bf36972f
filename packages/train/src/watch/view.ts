/** A run folder as a live page sees it: read again whenever it is asked for, whoever trains there. */
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { chartsOf, classColumns, modesOf } from '../report/charts.ts';
import { duration } from '../report/duration.ts';
import { factsOf, scoresOf } from '../report/facts.ts';
import { followLog } from '../report/follow-log.ts';
import { escapeHtml, listOf, table } from '../report/html.ts';
import {
  pictures,
  type RunSummary,
  readPicture,
  readSummary,
  readWarnings,
} from '../report/read-run.ts';
import { stepRate } from './step-rate.ts';

/** Pictures that the page has, all in its memory. */
const MOST_PICTURES = 200;

/** What a page shows, as JSON is sent of it. */
export interface RunUpdate {
  title: string;
  /** HTML by the id of the element that it goes into. */
  parts: Record<'status' | 'warnings' | 'columns' | 'modes' | 'charts' | 'facts', string>;
  /** Steps of the pictures, in order. */
  pictures: number[];
  /** The step whose generator there is to draw with; null where there is none. */
  generator: number | null;
}

export interface RunView {
  /** How things stand. What is wrong with the folder is told there too. */
  update(): Promise<RunUpdate>;
  /** The PNG of a step, if there is one. */
  picture(step: number): Promise<Uint8Array | undefined>;
  /** The generator.onnx of a step, if there is one. */
  generator(step: number): Promise<Uint8Array | undefined>;
}

export interface ViewOptions {
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
  /** Makes a generator.onnx of a run folder's checkpoint: without it, the page draws nothing itself. */
  exportGenerator?: ((folder: string, step: number) => Promise<Uint8Array>) | undefined;
}

export function createRunView(
  folder: string,
  { now = () => performance.now(), exportGenerator }: ViewOptions = {},
): RunView {
  const log = followLog(join(folder, 'metrics.jsonl'));
  const rate = stepRate();
  /** The last one that was asked for: pages ask for the newest. */
  let exported: { step: number; model: Promise<Uint8Array> } | undefined;
  let charts: { html: string; best: number | undefined } | undefined;
  return {
    async update() {
      try {
        const summary = await readSummary(folder);
        const fresh = await log.read();
        const logged = log.now();
        const best = summary.best?.step;
        if (!charts || fresh || charts.best !== best) {
          charts = { html: chartsOf(logged.metrics, best).join('\n'), best };
        }
        const step = Math.max(logged.step, summary.steps);
        return {
          title: summary.run.config.name,
          parts: {
            status: statusOf(summary, { step, rate: rate.at(step, now()) }),
            warnings: listOf([
              ...(await readWarnings(folder)),
              ...(logged.damage ? [logged.damage] : []),
            ]),
            columns: escapeHtml(classColumns(summary.run)),
            modes: modesOf(summary.run, logged.modes) || firstScoring(summary),
            charts: charts.html,
            facts: table(factsOf(summary)),
          },
          pictures: thinned(await pictures(folder)).map(({ step }) => step),
          generator: exportGenerator && summary.steps > 0 ? summary.steps : null,
        };
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        const parts = { warnings: listOf([error.message]), status: '' };
        return {
          ...{ title: '', pictures: [], generator: null },
          parts: { ...parts, columns: '', modes: '', charts: '', facts: '' },
        };
      }
    },
    async picture(step) {
      const found = (await pictures(folder)).find((picture) => picture.step === step);
      // One that cannot be read is none: it may have gone since it was listed.
      return found && readPicture(found).catch(() => undefined);
    },
    async generator(step) {
      if (!exportGenerator) return undefined;
      if (exported?.step !== step) exported = { step, model: exportGenerator(folder, step) };
      try {
        return await exported.model;
      } catch (error) {
        exported = undefined;
        // Of a checkpoint that has gone since it was told of, there is none.
        if (error instanceof ModelError) return undefined;
        throw error;
      }
    },
  };
}

/** Every second one, or fourth, …, and the last: a page that has some of them is only sent the new ones. */
function thinned<T>(all: readonly T[]): T[] {
  let every = 1;
  while (all.length > every * MOST_PICTURES) every *= 2;
  return all.filter((_, i) => i % every === 0 || i === all.length - 1);
}

/** In place of a chart that there is nothing for before the first checkpoint. */
function firstScoring({ run: { config }, steps: done }: RunSummary): string {
  if (done > 0) return '';
  const { every, steps } = config as { every?: { checkpoint?: unknown }; steps?: unknown };
  const first = Math.min(Number(every?.checkpoint), Number(steps));
  const when = Number.isFinite(first) ? `, step ${first}` : '';
  return `<p>Scores and, of digits, how many pictures are of each class come with the first checkpoint${when}.</p>`;
}

function statusOf(
  { run: { config }, training, best }: RunSummary,
  { step, rate }: { step: number; rate: number | undefined },
): string {
  const steps = Number(config.steps) || step;
  const said = [`step ${step} of ${steps}`];
  if (step >= steps) said.push('done');
  else if (!training) said.push('nothing trains here at the moment');
  else if (rate === undefined) said.push('training');
  else {
    const speed = rate < 100 ? rate.toPrecision(3) : rate.toFixed(0);
    said.push(`${speed} steps/s`, `${duration((steps - step) / rate)} left`);
  }
  if (best) said.push(escapeHtml(`best: ${scoresOf(best)} at step ${best.step}`));
  return `<progress max="${steps}" value="${Math.min(step, steps)}"></progress> ${said.join(' · ')}`;
}
