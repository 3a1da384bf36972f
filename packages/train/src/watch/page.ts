/** The live page of a run: fills in what the server sends, and asks for pictures. */
import { STYLE } from '../report/style.ts';

interface PageFile {
  type: string;
  text: string;
}

const HTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>ganport</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="watch.css"><script type="module" src="watch.js"></script></head><body>
<h1 id="title">ganport</h1>
<p id="status" role="status">Waiting for the run…</p>
<p id="connection" class="wrong" role="alert" hidden></p>
<div id="warnings" class="wrong" role="alert"></div>
<main>
<section id="film" hidden><h2>Pictures of the same latents</h2><p id="columns"></p><div id="frame"></div>
<p><label>Step <output id="step"></output> <input id="slider" type="range" min="0" value="0"></label> <button id="newest">Newest</button></p></section>
<section id="drawn" hidden><h2>Drawn in this page, by the generator of step <output id="drawn-step"></output></h2>
<gan-image id="gan" count="64" columns="8" seed="0" runtime="small"></gan-image>
<p><label>Seed <input id="seed" type="number" min="0" value="0"></label> <button id="other">Another seed</button></p>
<p id="drawn-wrong" class="wrong" role="status"></p></section>
<div id="modes"></div>
<section id="charts" aria-label="Curves"></section>
</main>
<details><summary>What is trained, and how</summary><div id="facts"></div></details>
<noscript><p>The page needs JavaScript.</p></noscript>
</body></html>
`;

const CSS = `${STYLE}
body { max-width: 76rem; }
main { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); align-items: start; }
#charts { display: contents; } @media (min-width: 60rem) { #film { grid-row: span 3; } }
#film img { width: 100%; display: block; } gan-image { display: block; width: 100%; } #seed { width: 9rem; }
#film label { white-space: nowrap; } #step { display: inline-block; min-width: 4rem; font-variant-numeric: tabular-nums; }
#film input { width: min(16rem, 40vw); margin-left: .5rem; }
#status { font-variant-numeric: tabular-nums; } #status progress { width: min(16rem, 40vw); margin-right: .75rem; }
#columns:empty { display: none; } figure { margin: .75rem 0; } details { margin-top: 1.5rem; }
`;

const SCRIPT = `
const byId = (id) => document.getElementById(id);
const slider = byId('slider');
const pictures = new Map();
let steps = [];
let ended = false;

/** Kept, so that all can be seen when the server has ended. */
const picture = (step) => {
  let image = pictures.get(step);
  if (!image) {
    image = new Image();
    image.alt = 'Pictures after ' + step + ' steps';
    image.src = 'pictures/' + step + '.png';
    // Asked for again with the next update.
    image.addEventListener('error', () => pictures.delete(step));
    pictures.set(step, image);
  }
  return image;
};
/** The picture before stays until this one can be seen. */
const show = async () => {
  byId('film').hidden = steps.length === 0;
  if (steps.length === 0) return;
  const step = steps[slider.value];
  const image = picture(step);
  if (await image.decode().then(() => false, () => true)) return;
  if (step !== steps[slider.value] || byId('frame').firstChild === image) return;
  byId('step').textContent = step;
  byId('frame').replaceChildren(image);
};
const showPictures = (now) => {
  const [shown, newest] = [steps[slider.value], Number(slider.value) === steps.length - 1];
  // Trained anew from an earlier step.
  if (now.length === 0 || now.at(-1) < steps.at(-1)) pictures.clear();
  steps = now;
  slider.max = Math.max(0, steps.length - 1);
  const after = steps.findIndex((step) => step >= shown);
  slider.value = newest || after < 0 ? steps.length - 1 : after;
  steps.forEach(picture);
  show();
};
/** The page draws itself: what it asks of the server is the newest generator. */
const gan = byId('gan');
const draw = () => {
  const { value, validity } = byId('seed');
  if (value !== '' && validity.valid) gan.setAttribute('seed', value);
};
const loadScript = () => new Promise((resolve, reject) => {
  const script = document.createElement('script');
  script.src = 'gan-image.js';
  script.addEventListener('load', resolve);
  script.addEventListener('error', reject);
  document.head.append(script);
});
let drawing;
let newest = { step: null };
const fetchGenerator = async (step) => {
  drawing ??= loadScript();
  // Without it, the pictures of the run are what there is.
  await drawing;
  const response = await fetch('generators/' + step + '.onnx');
  if (!response.ok) throw new Error(response.statusText);
  return response.blob();
};
/** Once it is here: until then the one before draws, and it draws on when the server has ended. */
const showGenerator = (step) => {
  if (step === null || step === newest.step) return;
  const asked = newest = { step };
  asked.shown = fetchGenerator(step).then((model) => {
    if (asked !== newest) return;
    URL.revokeObjectURL(gan.getAttribute('src'));
    gan.setAttribute('src', URL.createObjectURL(model));
    byId('drawn').hidden = false;
    byId('drawn-step').value = step;
    byId('drawn-wrong').textContent = '';
  }, () => { asked.step = null; });
};
gan.addEventListener('error', ({ error, message }) => {
  byId('drawn-wrong').textContent = 'Nothing is drawn here: ' + (error?.message ?? message);
});
byId('seed').addEventListener('input', draw);
byId('other').addEventListener('click', () => { byId('seed').value = Number(byId('seed').value) + 1; draw(); });
const showParts = ({ title, parts, pictures, generator }) => {
  document.title = title + ' · ganport';
  byId('title').textContent = title;
  for (const [id, html] of Object.entries(parts)) {
    const element = byId(id);
    if (element.shown !== html) element.innerHTML = element.shown = html;
  }
  showPictures(pictures);
  showGenerator(generator);
};
const tell = (text) => {
  byId('connection').hidden = text === '';
  byId('connection').textContent = text;
};

slider.addEventListener('input', show);
byId('newest').addEventListener('click', () => { slider.value = slider.max; show(); });
const endHere = () => {
  ended = true;
  tell('What served this page has ended: this is how things were. \`ganport watch\` shows the run again.');
};
const follow = () => {
  const events = new EventSource('events');
  events.addEventListener('update', ({ data }) => {
    const update = JSON.parse(data);
    if (update) showParts(update);
  });
  // The server waits until this page leaves.
  events.addEventListener('end', async () => {
    const loading = [...pictures.values()].filter(({ complete }) => !complete);
    await Promise.allSettled([newest.shown, ...loading.map((image) => image.decode())]);
    events.close();
    endHere();
    setTimeout(follow, 3000);
  });
  events.addEventListener('error', endHere);
  // Another server may serve another run.
  events.addEventListener('open', () => { if (ended) location.reload(); });
};
follow();
`;

/** The page's files by the path that each is served at. */
export const PAGE: Readonly<Record<string, PageFile>> = {
  '/': { type: 'html', text: HTML },
  '/watch.css': { type: 'css', text: CSS },
  '/watch.js': { type: 'js', text: SCRIPT },
};
