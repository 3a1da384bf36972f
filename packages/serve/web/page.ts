/** The page: a seed, the server's pictures of it, and its own, compared. */
import { type GeneratorMetadata, type Images, MAX_SEED, parseWholeNumber } from '@ganport/model';
import { DEVICES, type Device, loadGenerator, type PageGenerator } from '@ganport/sample/web';
import * as view from './view.ts';

/** Four rows of eight. */
const COUNT = 32;
/** Drawn when the address names no seed. */
const FIRST_SEED = 42;

interface ModelDescription {
  sha256: string;
  bytes: number;
  /** What draws on the server. */
  runtime: string;
  metadata: GeneratorMetadata;
}

declare global {
  interface Window {
    /** For tests and the console: resolves when the page's own pictures are on it. */
    ganport: { ready: Promise<void>; pixels(seed: number, index: number): Promise<Images> };
  }
}

async function fetchOk(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`the server answered ${response.status} for ${path}`);
  return response;
}

function readSeed(text: string): number {
  const parsed = parseWholeNumber(text, 0, MAX_SEED);
  if ('value' in parsed) return parsed.value;
  throw new Error(`seed: ${parsed.reason}`);
}

function readDevice(text: string): Device {
  const device = DEVICES.find((name) => name === text);
  if (!device) throw new Error(`device: expected ${DEVICES.join(', ')}, got "${text}"`);
  return device;
}

/** Draws a seed in both panels; a newer call makes an older one stop silently. */
function createDrawing(model: ModelDescription, loading: Promise<PageGenerator>) {
  const id = model.sha256.slice(0, 16);
  let current = 0;
  return async function draw(seed: number): Promise<void> {
    current += 1;
    const mine = current;
    try {
      showSeed(seed);
      const label = `${COUNT} pictures of seed ${seed}`;
      const urls = Array.from(
        { length: COUNT },
        (_, i) => `v1/images/${seed}/${i}.png?model=${id}`,
      );
      const fromServer = view.showServerPictures(urls, label);
      const [own, theirs] = await Promise.all([drawHere(loading, seed), fromServer]);
      if (mine !== current) return;
      view.showHow('page', own.how);
      report(seed, view.largestDifference(view.showPagePictures(own.images, label), theirs));
    } catch (error) {
      if (mine === current) throw error;
    }
  };
}

async function drawHere(
  loading: Promise<PageGenerator>,
  seed: number,
): Promise<{ images: Images; how: string }> {
  const generator = await loading;
  const started = performance.now();
  const images = await generator.sample({ seed, count: COUNT, as: 'bytes' });
  const each = (performance.now() - started) / COUNT;
  return { images, how: `${howOf(generator)} · ${each.toPrecision(2)} ms per picture` };
}

function howOf({ device, description, reason }: PageGenerator): string {
  const on = description.replace(/^.* on /, '');
  return device === 'webgpu' || reason === 'it was asked for' ? on : `${on} (${reason})`;
}

function showSeed(seed: number): void {
  view.seedField.value = String(seed);
  const address = new URL(location.href);
  address.searchParams.set('seed', String(seed));
  history.replaceState(null, '', address);
}

function report(seed: number, difference: number): void {
  if (difference > 1) {
    throw new Error(`seed ${seed}: server and page differ by up to ${difference} of 255 levels`);
  }
  const verdict =
    difference === 0 ? 'the same in every pixel' : 'the same within one of 255 levels';
  view.showStatus(`Seed ${seed}: ${COUNT} pictures, drawn twice, ${verdict}.`);
}

function describe({ bytes, metadata: { name, provenance } }: ModelDescription): string {
  const steps = provenance.steps.toLocaleString('en');
  const size = (bytes / 1e6).toFixed(1);
  return `“${name}”, trained for ${steps} steps on ${provenance.dataset.name}, ${size} MB`;
}

async function start(): Promise<void> {
  const query = new URL(location.href).searchParams;
  const device = readDevice(query.get('device') ?? 'auto');
  const seed = readSeed(query.get('seed') ?? String(FIRST_SEED));
  const model: ModelDescription = await (await fetchOk('v1/model')).json();
  const { width, height } = model.metadata.image;
  view.makeCells(COUNT, width, height);
  view.showHow('server', model.runtime);
  view.showAbout(describe(model));
  const loading = load(device);
  const draw = createDrawing(model, loading);
  listen(draw);
  window.ganport.pixels = async (wanted, index) =>
    (await loading).sample({ seed: wanted, start: index, as: 'bytes' });
  await draw(seed);
}

async function load(device: Device): Promise<PageGenerator> {
  return loadGenerator('generator.onnx', { base: 'ort/', device, runtime: 'onnxruntime' });
}

function listen(draw: (seed: number) => Promise<void>): void {
  const drawFrom = async (change: (seed: number) => number): Promise<void> => {
    try {
      await draw(change(readSeed(view.seedField.value.trim())));
    } catch (error) {
      view.showError(error);
    }
  };
  view.form.addEventListener('submit', (event) => {
    event.preventDefault();
    void drawFrom((seed) => seed);
  });
  view.nextButton.addEventListener('click', () => {
    void drawFrom((seed) => (seed < MAX_SEED ? seed + 1 : 0));
  });
}

const ready = start();
window.ganport = {
  ready,
  pixels: () => Promise.reject(new Error('the page is still loading')),
};
ready.catch(view.showError);
