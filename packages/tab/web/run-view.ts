/** A run as the page shows it: how far it is, what it draws, its curves, and what is to be said. */
import { chartsOf, type Gathered, gather, type Started, type TrainEvent } from '@ganport/train/web';
import { byId } from './elements.ts';

/** Between two drawings of curves and of the line of status, milliseconds. */
const REDRAW_MS = 500;
/** Of steps a second, in milliseconds. */
const RATE_OVER_MS = 10_000;
/** Kept to look back at: every second is dropped beyond. */
const MOST_PICTURES = 200;

interface Picture {
  step: number;
  url: string;
}

export interface RunView {
  show(event: TrainEvent): void;
  /** Whether it stands still; without steps, it has no speed. */
  paused(is: boolean): void;
  close(): void;
}

export function showRun({ name, config, dataset, description, step, unkept }: Started): RunView {
  const metrics = new Map<string, Gathered>();
  let pictures: Picture[] = [];
  let marks: { step: number; time: number }[] = [];
  let [now, state, best] = [step, 'training', Number.NaN];
  let stale = true;
  const slider = byId<HTMLInputElement>('slider');
  byId('name').textContent = name;
  byId('what').textContent =
    `${dataset.count} images of ${dataset.name}, ${dataset.height} × ${dataset.width}; ${description}`;
  byId<HTMLProgressElement>('progress').max = config.steps;
  byId('notices').replaceChildren();
  byId('charts').replaceChildren();
  byId('samples').hidden = true;
  byId('waiting').hidden = false;
  byId('film').hidden = true;
  if (unkept !== undefined) {
    say(`Nothing is kept when this page is closed: ${unkept}. Download the run before.`);
  }

  const showPicture = () => {
    const picture = pictures[Number(slider.value)];
    if (!picture) return;
    const image = byId<HTMLImageElement>('samples');
    [image.src, image.hidden] = [picture.url, false];
    image.alt = `64 pictures of the same latents, drawn after step ${picture.step}`;
    byId('waiting').hidden = true;
    byId('film').hidden = pictures.length < 2;
    byId('at').textContent = String(picture.step);
  };
  const addPicture = (at: number, png: Uint8Array) => {
    const newest = Number(slider.value) >= pictures.length - 1;
    const url = URL.createObjectURL(
      new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' }),
    );
    pictures.push({ step: at, url });
    if (pictures.length > MOST_PICTURES) {
      for (const [i, old] of pictures.entries()) if (i % 2 === 1) URL.revokeObjectURL(old.url);
      pictures = pictures.filter((_, i) => i % 2 === 0);
    }
    slider.max = String(pictures.length - 1);
    if (newest) slider.value = slider.max;
    showPicture();
  };
  const add = (at: number, values: Readonly<Record<string, number>>) => {
    for (const [key, value] of Object.entries(values)) {
      if (!metrics.has(key)) metrics.set(key, gather());
      metrics.get(key)!.add(at, value);
    }
    stale = true;
  };
  const redraw = () => {
    if (!stale) return;
    stale = false;
    byId<HTMLProgressElement>('progress').value = now;
    byId('status').textContent = statusOf();
    const curves = new Map([...metrics].map(([key, curve]) => [key, curve.points()] as const));
    byId('charts').innerHTML = chartsOf(curves).join('\n');
  };
  const statusOf = (): string => {
    const said = [`Step ${now} of ${config.steps}`, state];
    const [first, last] = [marks[0], marks.at(-1)];
    if (state === 'training' && first && last && last.step > first.step) {
      const rate = (1000 * (last.step - first.step)) / (last.time - first.time);
      said.push(`${rate.toPrecision(3)} steps/s`, `${timeOf((config.steps - now) / rate)} left`);
    }
    if (Number.isFinite(best)) said.push(`distance from the data: ${best.toPrecision(3)} at best`);
    return said.join(' · ');
  };
  const timer = setInterval(redraw, REDRAW_MS);
  slider.addEventListener('input', showPicture);
  redraw();

  return {
    show(event) {
      stale = true;
      switch (event.type) {
        case 'steps': {
          for (const told of event.steps) add(told.step, told.metrics);
          now = event.steps.at(-1)!.step;
          const time = performance.now();
          marks.push({ step: now, time });
          while (marks.length > 2 && time - marks[0]!.time > RATE_OVER_MS) marks.shift();
          break;
        }
        case 'samples':
          addPicture(event.step, event.png);
          break;
        case 'score':
          best = event.score.best;
          add(event.score.step, { [event.score.name]: event.score.value });
          break;
        case 'notice':
          say(event.line);
          break;
        case 'unkept':
          say(
            `${event.why}. Training goes on, but from here on nothing is kept when this page is closed: download the run before. What was kept until now is as it was.`,
          );
          break;
        case 'ended':
          state = event.interrupted ? 'stopped; it can go on later' : 'done';
          for (const line of event.warnings) say(line);
          redraw();
          break;
        case 'failed':
          state = 'ended by an error';
          redraw();
      }
    },
    paused(is) {
      [state, stale, marks] = [is ? 'paused' : 'training', true, []];
    },
    close() {
      clearInterval(timer);
      slider.removeEventListener('input', showPicture);
      for (const { url } of pictures) URL.revokeObjectURL(url);
    },
  };
}

function say(line: string): void {
  const item = document.createElement('p');
  item.textContent = line;
  const list = byId('notices');
  const said = [...list.children].some((other) => other.textContent === line);
  if (!said) list.append(item);
}

function timeOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
