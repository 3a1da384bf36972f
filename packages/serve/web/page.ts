/** The page: a state, which its address says, and the parts that show it. */
import type { Images } from '@ganport/model';
import type { Progress } from '@ganport/sample/web';
import { createChoice } from './choice.ts';
import type { Context, View } from './context.ts';
import { createControls } from './controls.ts';
import { byId, reasonOf } from './dom.ts';
import { createOwnHalf } from './drawing/own-half.ts';
import { createEnlarged } from './enlarged.ts';
import { describe, fetchModel, gridOf, type Model } from './model.ts';
import { showModels } from './models.ts';
import { download } from './pixels.ts';
import { readState, type State, VIEWS, type View as ViewName, writeState } from './state.ts';
import { createUse } from './use.ts';
import { createBetween } from './views/between.ts';
import { createPictures } from './views/pictures.ts';
import { createWalk } from './views/walk.ts';

const VIEW_NAMES: Record<ViewName, string> = {
  pictures: 'Pictures',
  difference: 'Difference',
  walk: 'Walk',
  between: 'Between',
};

async function start(): Promise<void> {
  byId('fatal').hidden = true;
  try {
    const model = await fetchModel();
    byId('about').textContent = describe(model);
    show(model);
    byId('app').hidden = false;
    document.title = `${model.metadata.name} · ganport`;
  } catch (error) {
    byId('fatal-reason').textContent = reasonOf(error);
    byId('fatal').hidden = false;
  }
}

function show(model: Model): void {
  const { metadata } = model;
  const query = new URL(location.href).searchParams;
  const { count, columns } = gridOf(metadata);
  const { state: first, complaints } = readState(query, metadata, count);
  tell(complaints);
  let state = first;
  let drawing = new AbortController();
  let current: View | undefined;
  let offered: Images | undefined;

  const context: Context = {
    ...{ model, count, columns },
    ownHalf: createOwnHalf({
      device: query.get('device') ?? 'auto',
      sha256: model.sha256,
      onProgress: showProgress,
    }),
    change(change) {
      const before = state;
      state = { ...state, ...change };
      tell([]);
      render(before);
    },
    offer(images) {
      offered = images;
      enlarged.offer(images);
    },
  };
  const controls = createControls(metadata, context.change);
  const enlarged = createEnlarged(context);
  const use = createUse(context);
  const views: Record<string, View> = {
    pictures: createPictures(context),
    walk: createWalk(context),
    between: createBetween(context),
  };
  const tabs = createChoice<ViewName>({
    name: 'view',
    legend: 'View',
    options: VIEWS.map((value) => ({ value, text: VIEW_NAMES[value] })),
    onChange: (view) => context.change({ view }),
  });
  byId('view').append(tabs.element);
  byId('save').addEventListener('click', () => {
    if (offered) void download(offered, Math.min(columns, offered.count), `seed-${state.seed}.png`);
  });

  /** @param before what is on the page; nothing at first */
  function render(before?: State): void {
    const written = writeState(new URL(location.href).searchParams, state, metadata);
    history.replaceState(null, '', `?${written}${location.hash}`);
    tabs.show(state.view);
    controls.show(state);
    use.show(state);
    enlarged.show(state);
    if (before && sameDrawing(before, state)) return;
    drawing.abort();
    drawing = new AbortController();
    const name = state.view === 'difference' ? 'pictures' : state.view;
    for (const each of Object.keys(views)) byId(each).hidden = each !== name;
    byId('status').hidden = name !== 'pictures';
    if (current !== views[name]) current?.hide();
    current = views[name]!;
    current.show(state, drawing.signal);
  }
  render();
}

/** How much of the page's own half has arrived, of what takes a while: the runtime. */
function showProgress({ part, loaded, total }: Progress): void {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const of = total === undefined ? '' : ` of ${megabytes(total)}`;
  byId('page').querySelector('.how')!.textContent =
    `Loading the ${part}: ${megabytes(loaded)}${of} MB`;
}

/** Whether nothing is to be drawn anew: another picture is enlarged. */
function sameDrawing({ picture: _, ...a }: State, { picture: __, ...b }: State): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What the address asked for and cannot have. */
function tell(complaints: readonly string[]): void {
  const notice = byId('notice');
  notice.textContent =
    complaints.length > 0
      ? `The address asks for what there is not: ${complaints.join('; ')}.`
      : '';
  notice.hidden = complaints.length === 0;
}

// Without them the page is the one model's.
showModels().catch(() => {});
byId('fatal-retry').addEventListener('click', () => void start());
void start();
