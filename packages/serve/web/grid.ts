/** A grid of pictures, each of which can be pressed; arrow keys go from one to the next. */
import type { Images } from '@ganport/model';
import { make } from './dom.ts';
import { paint, toImageData } from './pixels.ts';

export interface GridOptions {
  count: number;
  columns: number;
  width: number;
  height: number;
  /** What pressing a picture does. */
  onPick(index: number): void;
}

export interface Grid {
  element: HTMLElement;
  /** @param nameOf what a picture is called */
  show(images: Images, label: string, nameOf: (index: number) => string): void;
  /** Marks pictures, by index, each with a word that is shown on it. */
  mark(words: ReadonlyMap<number, string>): void;
}

export function createGrid({ count, columns, width, height, onPick }: GridOptions): Grid {
  const cells = Array.from({ length: count }, (_, index) => {
    const canvas = make('canvas', { width, height });
    const cell = make('button', { type: 'button', className: 'cell' }, canvas);
    // One of them is reached with Tab, from where the arrow keys go on.
    cell.tabIndex = index === 0 ? 0 : -1;
    cell.disabled = true;
    cell.addEventListener('click', () => onPick(index));
    return { cell, canvas };
  });
  const element = make('div', { className: 'grid' }, ...cells.map(({ cell }) => cell));
  element.role = 'group';
  element.ariaLabel = 'No pictures yet';
  element.style.setProperty('--columns', String(columns));
  element.style.setProperty('--aspect', `${width} / ${height}`);
  element.addEventListener('keydown', (event) => {
    const at = cells.findIndex(({ cell }) => cell === document.activeElement);
    const next = nextOf(event.key, at, { count, columns });
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    cells[at]!.cell.tabIndex = -1;
    cells[next]!.cell.tabIndex = 0;
    cells[next]!.cell.focus();
  });
  return {
    element,
    show(images, label, nameOf) {
      element.ariaLabel = label;
      cells.forEach(({ cell, canvas }, index) => {
        paint(canvas, toImageData(images, index));
        cell.ariaLabel = nameOf(index);
        cell.disabled = false;
      });
    },
    mark(words) {
      cells.forEach(({ cell }, index) => {
        const word = words.get(index);
        if (word === undefined) delete cell.dataset.mark;
        else cell.dataset.mark = word;
        cell.ariaPressed = String(word !== undefined);
      });
    },
  };
}

/** Where a key leads in a grid; nowhere beyond its borders. */
export function nextOf(
  key: string,
  at: number,
  { count, columns }: { count: number; columns: number },
): number | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  };
  const next = steps[key];
  return next !== undefined && next >= 0 && next < count ? next : undefined;
}
