/** A run as one web page that needs nothing else: curves, pictures over time, what was trained and how. */
import { join } from 'node:path';
import { chartsOf, classColumns, modesOf } from './charts.ts';
import { factsOf } from './facts.ts';
import { followLog } from './follow-log.ts';
import { escapeHtml, listOf, table } from './html.ts';
import {
  pictures,
  type RunSummary,
  readPicture,
  readSummary,
  readWarnings,
  spread,
} from './read-run.ts';
import { STYLE } from './style.ts';

/** Pictures of the page: it stays small enough to send. */
const MOST_PICTURES = 40;

/** Pictures of one kind that the generator draws, in rows. */
export interface Drawn {
  title: string;
  rows: readonly { name: string; png: Uint8Array }[];
}

export interface ReportOptions {
  /** What a person would type to train the same, with its configuration in config.json. */
  command: string;
  /** What the generator draws. */
  drawn?: readonly Drawn[];
  /** Told in one line of what is damaged and left out. */
  onNotice?: (line: string) => void;
}

/**
 * The page, HTML in UTF-8.
 * @throws ModelError if the folder is no run
 */
export async function report(
  folder: string,
  { command, drawn = [], onNotice }: ReportOptions,
): Promise<string> {
  const summary = await readSummary(folder);
  const { run, best } = summary;
  const log = followLog(join(folder, 'metrics.jsonl'));
  await log.read();
  const { metrics, modes, damage } = log.now();
  if (damage) onNotice?.(damage);
  const { config } = run;
  const { name } = config;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(name)} · ganport</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(name)}</h1>
${table(factsOf(summary))}
${warned(await readWarnings(folder))}
${await filmOf(summary)}
${drawn.map(drawnOf).join('\n')}
<h2>How it went</h2>
${damage ? `<p class="wrong">${escapeHtml(damage)}.</p>` : ''}
${chartsOf(metrics, best?.step).join('\n') || '<p>Nothing was logged yet.</p>'}
${modesOf(run, modes)}
<h2>To train the same</h2><pre>${escapeHtml(command)}</pre>
<details><summary>config.json</summary><pre>${escapeHtml(JSON.stringify(config, null, 2))}</pre></details>
${historyOf(summary)}
</body></html>
`;
}

function warned(lines: readonly string[]): string {
  return lines.length > 0 ? `<h2>What is wrong</h2><div class="wrong">${listOf(lines)}</div>` : '';
}

function drawnOf({ title, rows }: Drawn): string {
  const lines = rows.map(({ name, png }) => {
    const said = escapeHtml(name);
    return `<tr><th scope="row">${said}</th><td><img alt="${escapeHtml(title)}: ${said}" src="${dataUrl(png)}"></td></tr>`;
  });
  return `<h2>${escapeHtml(title)}</h2><table class="drawn">${lines.join('')}</table>`;
}

function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** What changed when the run was resumed. */
function historyOf({ run: { history = [] } }: RunSummary): string {
  if (history.length === 0) return '';
  const changes = history.map(({ step, field, from, to, why }): [string, string] => {
    return [`after step ${step}`, `${field}: ${from} → ${to}${why ? `, because ${why}` : ''}`];
  });
  return `<h2>What changed</h2>${table(changes)}`;
}

/** Pictures of the same latents over time: one is seen, and a slider chooses; without scripts, all are. */
async function filmOf({ folder, run, best }: RunSummary): Promise<string> {
  const all = await pictures(folder);
  if (all.length === 0) return '';
  const frames = await Promise.all(
    spread(all, MOST_PICTURES).map(async (picture) => {
      const { step } = picture;
      const said = step === best?.step ? `step ${step}, the best` : `step ${step}`;
      try {
        const png = dataUrl(await readPicture(picture));
        return `<figure><img alt="Pictures after ${step} steps" src="${png}"><figcaption>${said}</figcaption></figure>`;
      } catch (error) {
        return `<figure><figcaption>${said}: ${escapeHtml((error as Error).message)}</figcaption></figure>`;
      }
    }),
  );
  const columns = classColumns(run);
  const said = columns && `<p>${escapeHtml(columns)}</p>`;
  return `<h2>Pictures of the same latents</h2>${said}<div id="film">${frames.join('')}</div><script>${FILM}</script>`;
}

const FILM = `
const frames = [...document.querySelectorAll('#film figure')];
const slider = Object.assign(document.createElement('input'), { type: 'range', min: 0, max: frames.length - 1, value: frames.length - 1 });
slider.setAttribute('aria-label', 'Which step');
const play = Object.assign(document.createElement('button'), { textContent: 'Play' });
const show = () => frames.forEach((frame, i) => { frame.hidden = i !== Number(slider.value); });
slider.addEventListener('input', show);
let timer;
const stop = () => { clearInterval(timer); timer = undefined; play.textContent = 'Play'; };
play.addEventListener('click', () => {
  if (timer) return stop();
  if (Number(slider.value) === frames.length - 1) slider.value = 0;
  play.textContent = 'Stop';
  timer = setInterval(() => { slider.value = Number(slider.value) + 1; show(); if (Number(slider.value) === frames.length - 1) stop(); }, 250);
});
document.querySelector('#film').before(play, slider);
show();
`;
