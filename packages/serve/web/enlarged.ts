/** One picture, large, with what can be done with it. */
import type { Images } from '@ganport/model';
import type { Context } from './context.ts';
import { copies } from './copy.ts';
import { byId } from './dom.ts';
import { nameOf } from './model.ts';
import { download, paint, pictureOf, toImageData } from './pixels.ts';
import type { State } from './state.ts';

export interface Enlarged {
  show(state: State): void;
  /** Pictures that the state's may be one of. */
  offer(images: Images): void;
}

export function createEnlarged({ model, change }: Pick<Context, 'model' | 'change'>): Enlarged {
  const { metadata } = model;
  const dialog = byId<HTMLDialogElement>('enlarged');
  const canvas = byId<HTMLCanvasElement>('enlarged-picture');
  canvas.style.setProperty('--aspect', `${metadata.image.width} / ${metadata.image.height}`);
  let images: Images | undefined;
  let shown: State | undefined;

  const pictureAt = () => {
    const index = shown?.picture;
    return images && index !== undefined && index < images.count ? index : undefined;
  };
  const step = (by: number) => {
    const index = pictureAt();
    if (index !== undefined) change({ picture: (index + by + images!.count) % images!.count });
  };

  function fill(): void {
    const index = pictureAt();
    if (index === undefined) {
      if (shown?.picture === undefined && dialog.open) dialog.close();
      return;
    }
    paint(canvas, toImageData(images!, index));
    const name = nameOf(metadata, shown!.label, index);
    byId('enlarged-title').textContent = name;
    byId('enlarged-about').textContent = `of seed ${shown!.seed}`;
    canvas.ariaLabel = `${name} of seed ${shown!.seed}, enlarged`;
    if (!dialog.open) dialog.showModal();
  }

  dialog.addEventListener('close', () => {
    if (shown?.picture !== undefined) change({ picture: undefined });
  });
  dialog.addEventListener('click', ({ target }) => {
    // Beside what is in it.
    if (target === dialog) dialog.close();
  });
  dialog.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') step(-1);
    if (key === 'ArrowRight') step(1);
  });
  byId('enlarged-close').addEventListener('click', () => dialog.close());
  byId('enlarged-previous').addEventListener('click', () => step(-1));
  byId('enlarged-next').addEventListener('click', () => step(1));
  byId('enlarged-save').addEventListener('click', () => {
    const index = pictureAt();
    if (index === undefined) return;
    void download(pictureOf(images!, index), 1, `seed-${shown!.seed}-${index}.png`);
  });
  for (const end of ['from', 'to'] as const) {
    byId(`enlarged-${end}`).addEventListener('click', () => {
      const index = pictureAt();
      if (index !== undefined) change({ view: 'between', [end]: index, picture: undefined });
    });
  }
  copies(byId<HTMLButtonElement>('enlarged-link'), () => location.href);
  return {
    show(state) {
      shown = state;
      fill();
    },
    offer(offered) {
      images = offered;
      fill();
    },
  };
}
