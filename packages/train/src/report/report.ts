/** A run as one web page that needs nothing else: curves, pictures over time, what was trained and how. */
import { readFileWithin } from '@ganport/model/node';
import { METRICS } from '../evaluate/metrics.ts';
import { type Curve, chart, escapeHtml } from './chart.ts';
import { pictures, type RunSummary, readMetrics, readSummary, type Series } from './read-run.ts';

/** Pictures of the page, and what one may weigh: it stays small enough to send. */
const MOST_PICTURES = 40;
const MAX_PICTURE_BYTES = 2 ** 24;

/** Metrics that are drawn together, under a title. */
const TOGETHER: readonly (readonly [string, readonly string[]])[] = [
  ['Losses', ['dLoss', 'gLoss', 'classLoss', 'penalty']],
  ['The discriminator’s average of', ['dReal', 'dFake']],
];
const NAMES: Readonly<Record<string, string>> = {
  dLoss: 'discriminator',
  gLoss: 'generator',
  classLoss: 'classes',
  dReal: 'real images',
  dFake: 'generated images',
};

export interface ReportOptions {
  /** What a person would type to train the same, with its configuration in config.json. */
  command: string;
}

/**
 * The page, HTML in UTF-8.
 * @throws ModelError if the folder is no run, or has no metrics yet
 */
export async function report(folder: string, { command }: ReportOptions): Promise<string> {
  const summary = await readSummary(folder);
  const charts = chartsOf(await readMetrics(folder));
  const { run } = summary;
  const { config } = run;
  const { name } = config;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(name)} · ganport</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(name)}</h1>
${table(factsOf(summary))}
${await filmOf(folder)}
${charts.join('\n')}
<h2>To train the same</h2><pre>${escapeHtml(command)}</pre>
<details><summary>config.json</summary><pre>${escapeHtml(JSON.stringify(config, null, 2))}</pre></details>
${historyOf(summary)}
</body></html>
`;
}

function chartsOf(metrics: Map<string, Series>): string[] {
  const rest = new Map(metrics);
  const take = (name: string): Curve[] => {
    const series = rest.get(name);
    rest.delete(name);
    return series ? [{ name: NAMES[name] ?? name, series }] : [];
  };
  const together = TOGETHER.flatMap(([title, names]) => {
    const curves = names.flatMap(take);
    return curves.length > 0 ? [chart(title, curves)] : [];
  });
  const alone = [...rest].map(([name, series]) => {
    const better = Object.hasOwn(METRICS, name)
      ? METRICS[name as keyof typeof METRICS].better
      : undefined;
    return chart(better ? `${name}, ${better} is better` : name, [{ name, series }]);
  });
  return [...together, ...alone];
}

function factsOf({ run, steps, best }: RunSummary): [string, string][] {
  const { dataset, engine, device, threads, versions, config } = run;
  const scores = Object.entries(best?.scores ?? {}).map(
    ([name, x]) => `${name} ${x.toPrecision(4)}`,
  );
  return [
    ['data', `${dataset.count} images of ${dataset.name}, SHA-256 ${dataset.sha256.slice(0, 16)}…`],
    ['steps', `${steps} of ${config.steps}`],
    ['best', best ? `step ${best.step}: ${scores.join(', ')}` : 'none yet'],
    ['seed', String(config.seed)],
    ['by', `${engine} on ${device}, threads: ${threads}`],
    [
      'versions',
      Object.entries(versions)
        .map((entry) => entry.join(' '))
        .join(', '),
    ],
  ];
}

/** What changed when the run was resumed. */
function historyOf({ run: { history = [] } }: RunSummary): string {
  if (history.length === 0) return '';
  const changes = history.map(({ step, field, from, to, why }): [string, string] => {
    return [`after step ${step}`, `${field}: ${from} → ${to}${why ? `, because ${why}` : ''}`];
  });
  return `<h2>What changed</h2>${table(changes)}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, value]) => {
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
  });
  return `<table>${lines.join('')}</table>`;
}

/** Pictures of the same latents over time: one is seen, and a slider chooses; without scripts, all are. */
async function filmOf(folder: string): Promise<string> {
  const all = await pictures(folder);
  if (all.length === 0) return '';
  // The first and the last, and of the others as many as there is room for.
  const every = Math.max(1, (all.length - 1) / (MOST_PICTURES - 1));
  const chosen = Array.from({ length: Math.min(all.length, MOST_PICTURES) }, (_, i) => {
    return all[Math.round(i * every)]!;
  });
  const frames = await Promise.all(
    chosen.map(async ({ step, path }) => {
      const png = (await readFileWithin(path, MAX_PICTURE_BYTES)).toString('base64');
      return `<figure><img alt="Pictures after ${step} steps" src="data:image/png;base64,${png}"><figcaption>step ${step}</figcaption></figure>`;
    }),
  );
  return `<h2>Pictures of the same latents</h2><div id="film">${frames.join('')}</div><script>${FILM}</script>`;
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

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
th { text-align: left; padding-right: 1.5rem; vertical-align: top; font-weight: 600; }
figure { margin: 1rem 0; } figcaption span { margin-left: .75rem; white-space: nowrap; }
svg { width: 100%; font-size: 11px; } svg text { fill: currentColor; }
.grid line { stroke: currentColor; stroke-opacity: .2; }
img { max-width: 100%; image-rendering: pixelated; } pre { overflow-x: auto; }
input[type=range] { width: min(24rem, 60vw); margin-left: 1rem; vertical-align: middle; }
`;
