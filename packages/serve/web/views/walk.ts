/** A walk past the pictures of a seed and back to the first, for as long as one likes; all classes walk together. */
import { type Images, tileImages } from '@ganport/model';
import type { Context, View } from '../context.ts';
import { byId, isTakenBack } from '../dom.ts';
import { createGrid } from '../grid.ts';
import { classOf, nameOf } from '../model.ts';
import { createPanel } from '../panel.ts';
import { paint, toImageData } from '../pixels.ts';
import type { State } from '../state.ts';

/** Pictures that a walk passes. */
const STOPS = 8;
/** Of a slider between two of them. */
const STEPS = 50;
/** Pictures passed in a second. */
const SPEED = 0.6;
/** Classes that walk side by side, where none is chosen. */
const MAX_WALKERS = 12;
const COLUMNS = 5;

export function createWalk({ model, ownHalf, count, offer }: Context): View {
  const { metadata } = model;
  const { width, height } = metadata.image;
  const stops = Math.min(STOPS, count);
  const canvas = byId<HTMLCanvasElement>('walk-picture');
  const slider = byId<HTMLInputElement>('walk-at');
  const playButton = byId<HTMLButtonElement>('walk-play');
  const onPick = (index: number) => {
    pause();
    go(index);
  };
  const grid = createGrid({ count: stops, columns: stops, width, height, onPick });
  const panel = createPanel('walk-panel', 'Latent walk', byId('walk-stage'), grid.element);
  byId('walk').replaceChildren(panel.element);
  slider.max = String(stops * STEPS - 1);

  /** 0 … stops, of which the last is the first again. */
  let at = 0;
  let playing = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  let frame = 0;
  let drawing = false;
  let again = false;
  let shown: { state: State; signal: AbortSignal } | undefined;

  function go(to: number): void {
    at = to % stops;
    slider.value = String(Math.round(at * STEPS) % (stops * STEPS));
    const [from, next] = ends();
    const words = at === from ? `Picture ${from}` : `From picture ${from} to ${next}`;
    slider.setAttribute('aria-valuetext', words);
    canvas.ariaLabel = words;
    void drawHere();
  }

  const ends = () => [Math.floor(at), (Math.floor(at) + 1) % stops] as const;

  /** One picture at a time: where drawing is slow, the walk has fewer of them. */
  async function drawHere(): Promise<void> {
    if (!shown) return;
    if (drawing) {
      again = true;
      return;
    }
    drawing = true;
    again = false;
    const { state, signal } = shown;
    const [from, to] = ends();
    const labels = labelsOf(state);
    try {
      const { images } = await ownHalf.between(
        {
          ...{ seed: state.seed, from, to, labels },
          shares: Array.from({ length: labels?.length ?? 1 }, () => at - from),
          ...{ codes: state.codes, truncation: state.truncation },
        },
        signal,
      );
      if (!signal.aborted) put(images);
    } catch (error) {
      if (!isTakenBack(error) && !signal.aborted) fail(error);
    } finally {
      drawing = false;
      if (again) void drawHere();
    }
  }

  /** Of the walkers, one for each class; none where there are no classes. */
  function labelsOf({ label }: State): number[] | undefined {
    const { classes } = metadata;
    if (!classes || label !== undefined) return label === undefined ? undefined : [label];
    return classes.length <= MAX_WALKERS ? classes.map((_, i) => i) : [0];
  }

  function put(images: Images): void {
    const tiled = tileImages(images, { columns: COLUMNS });
    canvas.classList.toggle('many', images.count > 1);
    canvas.style.setProperty('--aspect', `${tiled.width} / ${tiled.height}`);
    paint(canvas, toImageData(tiled));
  }

  function fail(error: unknown): void {
    pause();
    panel.fail(error, () => shown && show(shown.state, shown.signal));
  }

  function play(): void {
    playing = true;
    let before: number | undefined;
    const tick = (now: number) => {
      go(at + (SPEED * Math.min(100, now - (before ?? now))) / 1000);
      before = now;
      frame = requestAnimationFrame(tick);
    };
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(tick);
    playButton.textContent = 'Pause';
  }

  function pause(): void {
    playing = false;
    cancelAnimationFrame(frame);
    playButton.textContent = 'Play';
  }

  async function show(state: State, signal: AbortSignal): Promise<void> {
    shown = { state, signal };
    const { seed, codes, truncation } = state;
    // Each walks within its class, as with `ganport interpolate`.
    const label = classOf(metadata, state.label, 0);
    panel.busy();
    try {
      const drawn = await ownHalf.sample({ seed, label, codes, truncation, count: stops }, signal);
      if (signal.aborted) return;
      offer(drawn.images);
      const words = `The ${stops} pictures that the walk passes`;
      grid.show(drawn.images, words, (i) => `Go to ${nameOf(metadata, label, i)}`);
      panel.ready(`Past ${stops} pictures of seed ${seed} and back · ${drawn.by}`);
      go(at);
      if (playing) play();
      else pause();
    } catch (error) {
      if (!isTakenBack(error) && !signal.aborted) fail(error);
    }
  }

  playButton.addEventListener('click', () => (playing ? pause() : play()));
  slider.addEventListener('input', () => {
    pause();
    go(Number(slider.value) / STEPS);
  });
  return {
    show: (state, signal) => void show(state, signal),
    hide() {
      cancelAnimationFrame(frame);
      shown = undefined;
    },
  };
}
