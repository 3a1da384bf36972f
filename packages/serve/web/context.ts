/** What the page's parts have in common. */
import type { Images } from '@ganport/model';
import type { OwnHalf } from './drawing/own-half.ts';
import type { Model } from './model.ts';
import type { State } from './state.ts';

export interface Context {
  model: Model;
  ownHalf: OwnHalf;
  /** Pictures of a grid, and its columns. */
  count: number;
  columns: number;
  /** Shows something else, and says so in the address. */
  change(change: Partial<State>): void;
  /** Offers pictures to be enlarged: those that were drawn last. */
  offer(images: Images): void;
}

/** A part of the page that shows the state in its own way. */
export interface View {
  /** Draws; what is still under way of an earlier state is to stop when its signal says so. */
  show(state: State, signal: AbortSignal): void;
  /** The page shows another view from now on. */
  hide(): void;
}
