/** The way from one picture to another: two that are picked, and what lies between them. */
import type { Images } from '@ganport/model';
import type { Context, View } from '../context.ts';
import { byId, isTakenBack } from '../dom.ts';
import { timeOf } from '../drawing/drawn.ts';
import { createGrid } from '../grid.ts';
import { classOf, nameOf } from '../model.ts';
import { createPanel } from '../panel.ts';
import { download, paint, toImageData } from '../pixels.ts';
import type { State } from '../state.ts';

/** Pictures of the strip, both ends among them. */
const STRIP = 9;
export function createBetween({ model, ownHalf, count, columns, change, offer }: Context): View {
  const { metadata } = model;
  const { width, height } = metadata.image;
  const size = { width, height };
  const strip = createGrid({ ...size, count: STRIP, columns: STRIP, onPick: (i) => slide(i) });
  const picker = createGrid({ ...size, count, columns, onPick: pick });
  const canvas = byId<HTMLCanvasElement>('between-picture');
  const slider = byId<HTMLInputElement>('between-at');
  const words = byId('between-words');
  canvas.style.setProperty('--aspect', `${width} / ${height}`);
  slider.max = String(STRIP - 1);
  const way = createPanel(
    'between-panel',
    'Between two',
    byId('between-stage'),
    strip.element,
    byId('between-end'),
  );
  const pool = createPanel('between-picker', 'Pick two', picker.element);
  byId('between').replaceChildren(way.element, pool.element);

  let shown: State | undefined;
  let drawn: Images | undefined;
  /** Which end the next pick is; the first is picked first. */
  let turn: 'from' | 'to' = 'from';

  function pick(index: number): void {
    change({ [turn]: index });
    turn = turn === 'from' ? 'to' : 'from';
    tellTurn();
  }

  function tellTurn(): void {
    pool.ready(`The next that you press is ${turn === 'from' ? 'A' : 'B'}`);
  }

  function slide(step: number): void {
    slider.value = String(step);
    if (!drawn || !shown) return;
    paint(canvas, toImageData(drawn, step));
    const percent = Math.round((100 * step) / (STRIP - 1));
    const { from, to } = shown;
    const text = `${percent} % of the way from picture ${from} to ${to}`;
    words.textContent = text;
    canvas.ariaLabel = text;
    slider.setAttribute('aria-valuetext', text);
  }

  async function show(state: State, signal: AbortSignal): Promise<void> {
    shown = state;
    const { seed, from, to, label, codes, truncation } = state;
    way.busy();
    pool.busy();
    const shares = Array.from({ length: STRIP }, (_, i) => i / (STRIP - 1));
    const ends = [from, to].map((index) => classOf(metadata, label, index));
    // A class is one or the other: the strip changes it half-way.
    const labels = shares.map((share) => ends[share < 0.5 ? 0 : 1]!);
    const chosen = { seed, codes, truncation };
    try {
      const [pictures, path] = await Promise.all([
        ownHalf.sample({ ...chosen, label, count }, signal),
        ownHalf.between(
          { ...chosen, from, to, shares, labels: metadata.classes && labels },
          signal,
        ),
      ]);
      if (signal.aborted) return;
      drawn = path.images;
      offer(pictures.images);
      picker.show(pictures.images, `${count} pictures of seed ${seed} to pick from`, (i) =>
        nameOf(metadata, label, i),
      );
      picker.mark(new Map([[from, 'A'] as const, [to, from === to ? 'A B' : 'B'] as const]));
      const whole = `From picture ${from} to picture ${to} of seed ${seed}`;
      strip.show(path.images, whole, (i) => `Step ${i} of ${STRIP - 1}`);
      way.ready(`${timeOf(path)} · ${path.by}`);
      tellTurn();
      slide(Number(slider.value));
    } catch (error) {
      if (signal.aborted || isTakenBack(error)) return;
      way.fail(error, () => void show(state, signal));
      pool.ready('…');
    }
  }

  slider.addEventListener('input', () => slide(Number(slider.value)));
  byId('between-swap').addEventListener('click', () => {
    if (shown) change({ from: shown.to, to: shown.from });
  });
  byId('between-save').addEventListener('click', () => {
    if (!drawn || !shown) return;
    const { seed, from, to } = shown;
    void download(drawn, STRIP, `seed-${seed}-from-${from}-to-${to}.png`);
  });
  return {
    show: (state, signal) => void show(state, signal),
    hide() {},
  };
}
