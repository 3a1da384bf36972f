/** The page: a form, and then the run that it began. */
import type { Started, TrainEvent, WebDevice } from '@ganport/train/web';
import { byId, complain } from './elements.ts';
import { type RunView, showRun } from './run-view.ts';
import { setUp } from './setup.ts';
import { listener, startTrainer } from './trainer.ts';

const trainer = startTrainer(() =>
  complain('The worker of this page did not load: is all of the page’s folder served?'),
);
const setup = setUp();

/** Runs the page's own half of an action, and says in one line what goes wrong. */
function attempt(action: () => Promise<void>): void {
  complain(undefined);
  action().catch((error: Error) => complain(error.message));
}

/** A device to try, and the one after it. */
async function devices(): Promise<WebDevice[]> {
  const chosen = byId<HTMLSelectElement>('device').value;
  if (chosen !== 'auto') return [chosen as WebDevice];
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  // A renderer in software is slower than WebAssembly.
  return adapter && !adapter.info.isFallbackAdapter ? ['webgpu', 'wasm'] : ['wasm'];
}

let view: RunView | undefined;
let started: Started | undefined;
let running = false;

/** Begins a run, and shows it. */
async function begin(
  start: (device: WebDevice, tell: (event: TrainEvent) => void) => Promise<Started>,
): Promise<void> {
  const early: TrainEvent[] = [];
  const tell = listener((event) => {
    if (view) show(event);
    else early.push(event);
  });
  setBusy(true);
  try {
    started = await firstThatStarts(await devices(), (device) => start(device, tell));
  } finally {
    setBusy(false);
  }
  running = true;
  byId('setup').hidden = true;
  byId('run').hidden = false;
  setPaused(false);
  setRunning(true);
  view = showRun(started);
  for (const event of early) show(event);
  byId('pause').focus();
}

async function firstThatStarts(
  [device, ...others]: readonly WebDevice[],
  start: (device: WebDevice) => Promise<Started>,
): Promise<Started> {
  try {
    return await start(device!);
  } catch (error) {
    // What is wrong with the data or the settings is so on any device.
    if (others.length === 0 || (error as Error).name !== 'RuntimeError') throw error;
    return firstThatStarts(others, start);
  }
}

function show(event: TrainEvent): void {
  view?.show(event);
  if (event.type === 'unkept') started = { ...started!, unkept: event.why };
  if (event.type === 'ended' || event.type === 'failed') setRunning(false);
  if (event.type === 'failed') complain(event.reason);
}

function setBusy(is: boolean): void {
  byId<HTMLButtonElement>('start').disabled = is;
  byId('start').textContent = is ? 'Getting ready…' : 'Train';
}

function setRunning(is: boolean): void {
  running = is;
  const steering = ['pause', 'step', 'stop'].map((id) => byId(id));
  const focused = steering.some((button) => button === document.activeElement);
  for (const button of steering) button.hidden = !is;
  byId('again').hidden = is;
  // What is left to do with a run that has ended.
  byId('generator').classList.toggle('main', !is);
  if (!is && focused) byId('generator').focus();
}

let paused = false;
function setPaused(is: boolean): void {
  paused = is;
  byId('pause').textContent = is ? 'Go on' : 'Pause';
  byId<HTMLButtonElement>('step').disabled = !is;
}

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    const [data, settings] = [setup.data(), setup.settings()];
    await begin((device, tell) => trainer.start({ data, settings, device }, tell));
  });
});

byId<HTMLInputElement>('zip').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const [run] = input.files ?? [];
  if (!run) return;
  attempt(async () => {
    // The same file may be chosen again.
    input.value = '';
    await goOn(run);
  });
});

/** What is chosen above is taken for the data, unless that is the digits, which a run says itself that it is of. */
async function goOn(run: string | File): Promise<void> {
  const chosen = new FormData(byId<HTMLFormElement>('form')).get('source');
  const data = chosen === 'glyphs' ? undefined : setup.data();
  await begin((device, tell) => trainer.goOn({ run, data, device }, tell));
}

byId('pause').addEventListener('click', () => {
  setPaused(!paused);
  attempt(async () => {
    if (paused) await trainer.pause();
    else await trainer.resume();
    if (running) view?.paused(paused);
  });
});
byId('step').addEventListener('click', () => attempt(() => trainer.step()));
byId('stop').addEventListener('click', () => attempt(() => trainer.stop()));
byId('again').addEventListener('click', () => {
  view?.close();
  view = undefined;
  complain(undefined);
  byId('run').hidden = true;
  byId('setup').hidden = false;
  byId('start').focus();
  attempt(listKept);
});

function download(id: string, name: () => string, make: () => Promise<Uint8Array>): void {
  const button = byId<HTMLButtonElement>(id);
  button.addEventListener('click', () =>
    attempt(async () => {
      button.disabled = true;
      try {
        const bytes = (await make()) as Uint8Array<ArrayBuffer>;
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([bytes]));
        link.download = name();
        link.click();
        // The browser has taken it by then.
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      } finally {
        button.disabled = false;
      }
    }),
  );
}
download(
  'generator',
  () => 'generator.onnx',
  () => trainer.generator(),
);
download(
  'folder',
  () => `${started?.name ?? 'run'}.zip`,
  () => trainer.zip(),
);

/** The runs that this browser keeps. */
async function listKept(): Promise<void> {
  const { runs, unkept } = await trainer.kept();
  const items = runs.map((name) => {
    const item = document.createElement('li');
    const label = document.createElement('span');
    label.className = 'run-name';
    label.textContent = name;
    item.append(
      label,
      buttonOf('Go on', `Go on with ${name}`, () => goOn(name)),
      buttonOf('Remove', `Remove ${name}`, async () => {
        await trainer.forget(name);
        await listKept();
      }),
    );
    return item;
  });
  byId('kept').replaceChildren(...items);
  const note = byId('unkept');
  note.hidden = unkept === undefined && runs.length > 0;
  note.textContent =
    unkept === undefined
      ? 'Runs of this page are kept in this browser, and will be here.'
      : `Runs are gone when this page is closed: ${unkept}. Download them.`;
}

function buttonOf(text: string, label: string, action: () => Promise<void>): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  button.setAttribute('aria-label', label);
  button.addEventListener('click', () => attempt(action));
  return button;
}

// What nothing keeps is not lost by a slip.
addEventListener('beforeunload', (event) => {
  if (running && started?.unkept !== undefined) event.preventDefault();
});

attempt(listKept);

const api = { trainer, listener };
declare global {
  interface Window {
    /** For tests. */
    trainingTab: typeof api;
  }
}
window.trainingTab = api;
