/** The page of an embed folder: a grid, its seed, and what to paste elsewhere. */
import type { GeneratorMetadata } from '@ganport/model';

export interface PageOptions {
  metadata: GeneratorMetadata;
  /** Attributes of the element that say what draws, such as ` runtime="small"`. */
  attributes: string;
}

const SEED = 42;
/** Widest that a grid is, in pixels of its pictures, and the most that it has. */
const MAX_WIDTH = 512;
const MAX_COLUMNS = 8;

/** Markup for any page, where the folder's files are beside it. */
export function snippet(attributes: string): string {
  return `<script src="gan-image.js"></script>
<gan-image src="generator.onnx" seed="${SEED}" count="9"${attributes}></gan-image>`;
}

/** The page's files by their names. */
export function pageFiles({ metadata, attributes }: PageOptions): Record<string, string> {
  const { name, image, classes, provenance } = metadata;
  const most = Math.max(1, Math.min(MAX_COLUMNS, Math.floor(MAX_WIDTH / image.width)));
  const few = classes && classes.length <= 10 && most === MAX_COLUMNS;
  const columns = few ? classes.length * Math.floor(10 / classes.length) : most;
  const rows = Math.max(1, Math.min(most, Math.floor(MAX_WIDTH / image.height)));
  const count = columns * rows;
  const steps =
    provenance.steps === 1 ? '1 step' : `${provenance.steps.toLocaleString('en')} steps`;
  const about = `${steps} on ${provenance.dataset.name} · ${image.width} × ${image.height}`;
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(name)}</title>
    <link rel="icon" href="icon.svg">
    <link rel="stylesheet" href="page.css">
    <script src="gan-image.js" defer></script>
    <script src="page.js" defer></script>
  </head>
  <body>
    <header>
      <h1>${escaped(name)}</h1>
      <p>${escaped(about)}</p>
    </header>
    <main>
      <gan-image id="pictures" src="generator.onnx" seed="${SEED}" count="${count}" columns="${columns}"${attributes}>
        <p>Its pictures are drawn here, by JavaScript.</p>
      </gan-image>
      <p id="status" role="status">Loading the generator …</p>
      <p class="actions">
        <button type="button" id="next">Other pictures</button>
        <button type="button" id="walk" aria-pressed="false">Walk</button>
      </p>
      <h2>In a page of yours</h2>
      <p>In a page beside these files; elsewhere, write this folder’s address before gan-image.js and generator.onnx:</p>
      <pre><code>${escaped(snippet(attributes))}</code></pre>
    </main>
    <footer><a href="generator.onnx" download>generator.onnx</a></footer>
  </body>
</html>
`;
  return { 'index.html': html, 'page.css': CSS, 'page.js': SCRIPT, 'icon.svg': ICON };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

const SCRIPT = `const pictures = document.getElementById('pictures');
const status = document.getElementById('status');
const walk = document.getElementById('walk');

pictures.addEventListener('sample', ({ detail }) => {
  const { runtime, device } = pictures.generator;
  const by = runtime === 'small' ? 'JavaScript' : device === 'webgpu' ? 'WebGPU' : 'WebAssembly';
  const time = Math.max(1, Math.round(detail.milliseconds));
  status.textContent = \`Seed \${detail.seed}: \${detail.count} pictures in \${time} ms, by \${by}.\`;
});
pictures.addEventListener('progress', ({ detail: { part, loaded, total } }) => {
  const of = total ? \` of \${(total / 1e6).toFixed(1)}\` : '';
  status.textContent = \`Loading the \${part}: \${(loaded / 1e6).toFixed(1)}\${of} MB\`;
});
pictures.addEventListener('error', () => {
  status.textContent = '';
});
document.getElementById('next').addEventListener('click', () => {
  pictures.setAttribute('seed', Number(pictures.getAttribute('seed')) + 1);
});
walk.addEventListener('click', () => {
  const on = pictures.toggleAttribute('animate');
  walk.setAttribute('aria-pressed', on);
});
if (matchMedia('(prefers-reduced-motion: reduce)').matches) walk.hidden = true;
`;

const CSS = `:root {
  color-scheme: light dark;
  --edge: light-dark(#868b95, #6d737f);
  --quiet: light-dark(#5b616c, #a0a6b1);
  --accent: light-dark(#3a46c8, #aab4ff);
  --card: light-dark(#ffffff, #191b1f);
  font: 1rem / 1.5 system-ui, sans-serif;
  background: light-dark(#f7f7f5, #111215);
  color: light-dark(#191b20, #ececef);
}
body { max-width: 40rem; margin: 0 auto; padding: clamp(1rem, 5vw, 3rem) 1rem; }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -0.02em; }
h2 { margin: 2rem 0 0; font-size: 1rem; }
header p, #status, footer { color: var(--quiet); font-size: 0.875rem; font-variant-numeric: tabular-nums; }
header p { margin: 0 0 1.25rem; }
gan-image { display: block; overflow-wrap: anywhere; }
gan-image::part(canvas) { border-radius: 0.5rem; }
#status { min-height: 1.3rem; margin: 0.75rem 0; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0; }
button {
  min-height: 2.5rem; padding: 0.35rem 1rem; border: 1px solid var(--edge); border-radius: 0.5rem;
  background: var(--card); color: inherit; font: inherit; cursor: pointer;
}
button:hover, button[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
pre {
  margin: 0.5rem 0; padding: 0.9rem 1rem; border-radius: 0.5rem; background: var(--card);
  white-space: pre-wrap; overflow-wrap: anywhere; font: 0.8125rem / 1.6 ui-monospace, monospace;
}
a { color: var(--accent); }
`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" rx="1.5"/><path d="M2.2 2.2h3.6L3.6 6.2" fill="none" stroke="#fff"/></svg>
`;
