/** A card with pictures: what drew them and how fast, that it is busy, or why there are none. */
import { button, make, reasonOf } from './dom.ts';
import type { Grid } from './grid.ts';

export interface Panel {
  element: HTMLElement;
  busy(): void;
  /**
   * @param how what drew, and how fast
   * @param why what drew did so
   */
  ready(how: string, why?: string): void;
  fail(error: unknown, retry: () => void): void;
}

export function createPanel(id: string, title: string, ...content: Node[]): Panel {
  const heading = make('h2', { id: `${id}-title`, textContent: title });
  const how = make('p', { className: 'how', textContent: '…' });
  const reason = make('p', { className: 'reason' });
  const retryButton = button('Retry', () => onRetry());
  const failure = make('div', { className: 'failure', role: 'alert', hidden: true });
  failure.append(reason, retryButton);
  const element = make('section', { id, className: 'panel' });
  element.setAttribute('aria-labelledby', heading.id);
  const reasonWhy = make('p', { className: 'why', hidden: true });
  element.append(make('header', {}, heading, how), failure, ...content, reasonWhy);
  let onRetry = () => {};
  const turn = (state: 'busy' | 'ready' | 'failed') => {
    element.dataset.state = state;
    element.ariaBusy = String(state === 'busy');
    failure.hidden = state !== 'failed';
  };
  turn('busy');
  return {
    element,
    busy: () => turn('busy'),
    ready(text, why = '') {
      how.textContent = text;
      reasonWhy.textContent = why && `Why that: ${why}.`;
      reasonWhy.hidden = why === '';
      turn('ready');
    },
    fail(error, retry) {
      reason.textContent = reasonOf(error);
      how.textContent = 'Not drawn';
      onRetry = retry;
      turn('failed');
    },
  };
}

/** A panel of one grid. */
export function createGridPanel(id: string, title: string, grid: Grid): Panel & { grid: Grid } {
  return { ...createPanel(id, title, grid.element), grid };
}
