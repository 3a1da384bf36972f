/** The same pictures twice, from the server and from the page, and how they differ. */
import type { Images } from '@ganport/model';
import type { Context, View } from '../context.ts';
import { byId, isTakenBack } from '../dom.ts';
import { type Drawn, timeOf } from '../drawing/drawn.ts';
import { createGrid } from '../grid.ts';
import { nameOf } from '../model.ts';
import { createGridPanel } from '../panel.ts';
import { differenceOf } from '../pixels.ts';
import { drawOnServer } from '../server.ts';
import type { State } from '../state.ts';

export function createPictures(context: Context): View {
  const { model, ownHalf, count, columns, change, offer } = context;
  const { metadata } = model;
  const { width, height } = metadata.image;
  const grid = (source: 'server' | 'page') =>
    createGrid({
      ...{ count, columns, width, height },
      onPick(index) {
        const images = drawn[source];
        if (images) offer(images);
        change({ picture: index });
      },
    });
  const drawn: Record<'server' | 'page', Images | undefined> = {
    server: undefined,
    page: undefined,
  };
  /** Pictures of which both halves are there. */
  let compared: string | undefined;
  const failed = new Set<'server' | 'page'>();
  const panels = {
    server: createGridPanel('server', 'Drawn by the server', grid('server')),
    page: createGridPanel('page', 'Drawn in this page', grid('page')),
    difference: createGridPanel('difference', 'Difference', grid('page')),
  };
  byId('pictures').replaceChildren(...Object.values(panels).map(({ element }) => element));
  const status = byId('status');
  const tell = (text: string, wrong = false) => {
    status.textContent = text;
    status.classList.toggle('wrong', wrong);
  };

  async function fill(source: 'server' | 'page', state: State, signal: AbortSignal): Promise<void> {
    const panel = panels[source];
    panel.busy();
    drawn[source] = undefined;
    failed.delete(source);
    try {
      const got = await draw(source, state, signal);
      if (signal.aborted) return;
      drawn[source] = got.images;
      const where = source === 'server' ? 'drawn by the server' : 'drawn in this page';
      const label = `${count} pictures of seed ${state.seed}, ${where}`;
      panel.grid.show(got.images, label, (i) => nameOf(metadata, state.label, i));
      panel.ready(`${timeOf(got)} · ${got.by}`, got.why);
      if (source === 'page' || !drawn.page) offer(got.images);
      compare(state);
    } catch (error) {
      if (signal.aborted || isTakenBack(error)) return;
      panel.fail(error, () => void fill(source, state, signal));
      failed.add(source);
      const one = source === 'server' ? 'page' : 'server';
      tell(failed.size > 1 ? 'Neither draws now.' : `Only the ${one} draws now.`, true);
    }
  }

  function draw(source: 'server' | 'page', state: State, signal: AbortSignal): Promise<Drawn> {
    const { seed, label, codes, truncation } = state;
    const wanted = { seed, label, codes, truncation, count };
    if (source === 'page') return ownHalf.sample(wanted, signal);
    return settled(signal).then(() => drawOnServer(model, wanted, signal));
  }

  function compare(state: State): void {
    const { server, page } = drawn;
    if (!server || !page) return;
    compared = keyOf(state);
    const { seed, label } = state;
    const { images, most } = differenceOf(server, page);
    tell(`Seed ${seed}: ${count} pictures, drawn twice, ${verdictOf(most)}.`, most > 1);
    if (panels.difference.element.hidden) return;
    const name = (i: number) => `${nameOf(metadata, label, i)}: the difference`;
    panels.difference.grid.show(images, `Differences of ${count} pictures`, name);
    panels.difference.ready(most === 0 ? 'None' : `White is a difference of ${most} of 255 levels`);
  }

  return {
    show(state, signal) {
      panels.difference.element.hidden = state.view !== 'difference';
      if (compared === keyOf(state)) {
        offer(drawn.page!);
        compare(state);
        return;
      }
      compared = undefined;
      panels.difference.busy();
      tell(`Drawing seed ${state.seed} …`);
      void fill('server', state, signal);
      void fill('page', state, signal);
    },
    hide() {},
  };
}

/** What pictures depend on. */
function keyOf({ seed, label, codes, truncation }: State): string {
  return JSON.stringify([seed, label, codes, truncation]);
}

/** How long what is asked for has to stay the same for the server to draw it: a slider changes with each pixel. */
const SETTLED_MS = 60;

async function settled(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  signal.throwIfAborted();
}

function verdictOf(most: number): string {
  if (most === 0) return 'the same in every pixel';
  if (most === 1) return 'the same within one of 255 levels';
  return `but they differ by up to ${most} of 255 levels`;
}
