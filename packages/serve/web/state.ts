/** What the page shows, as its address says it: who is sent the address sees the same pictures. */
import {
  type ChosenCodes,
  codesOf,
  codesReason,
  type GeneratorMetadata,
  MAX_SEED,
  parseWholeNumber,
  quote,
  truncationReason,
} from '@ganport/model';
import { classIndex, parseCodes } from '@ganport/sample';

export const VIEWS = ['pictures', 'difference', 'walk', 'between'] as const;
export type View = (typeof VIEWS)[number];

/** What is asked of a generator, besides which pictures. */
export interface Wanted {
  seed: number;
  /** Index of the class of all; none where they take turns. */
  label: number | undefined;
  codes: ChosenCodes;
  truncation: number | undefined;
}

export interface State extends Wanted {
  view: View;
  /** Indices of the pictures between which there is a way. */
  from: number;
  to: number;
  /** Index of the picture that is enlarged. */
  picture: number | undefined;
}

export const FIRST: Readonly<State> = {
  view: 'pictures',
  seed: 42,
  label: undefined,
  codes: {},
  truncation: undefined,
  from: 0,
  to: 1,
  picture: undefined,
};

/** @throws Error in one line, that names the seed */
export function readSeed(text: string): number {
  return whole('seed', text, MAX_SEED);
}

/**
 * Reads an address's query; what cannot be had is as at first, and told in a line.
 * @param count of the pictures that are shown
 */
export function readState(
  query: URLSearchParams,
  metadata: GeneratorMetadata,
  count: number,
): { state: State; complaints: string[] } {
  const complaints: string[] = [];
  const take = <T>(name: string, read: (text: string) => T, otherwise: T): T => {
    const text = query.get(name);
    if (text === null) return otherwise;
    try {
      return read(text);
    } catch (error) {
      complaints.push((error as Error).message);
      return otherwise;
    }
  };
  const index = (name: string) => (text: string) => whole(name, text, count - 1);
  const state: State = {
    view: take('view', readView, FIRST.view),
    seed: take('seed', readSeed, FIRST.seed),
    label: take('class', (text) => classIndex(text, metadata), FIRST.label),
    codes: take('code', (text) => readCodes(text, metadata), FIRST.codes),
    truncation: take('truncation', readTruncation, FIRST.truncation),
    from: take('from', index('from'), FIRST.from),
    to: take('to', index('to'), Math.min(FIRST.to, count - 1)),
    picture: take('picture', index('picture'), FIRST.picture),
  };
  return { state, complaints };
}

/** The query of pictures, as the page and the service's addresses have it, without the seed. */
export function wantedQuery(
  { label, codes, truncation }: Omit<Wanted, 'seed'>,
  { classes }: Pick<GeneratorMetadata, 'classes'>,
): URLSearchParams {
  const query = new URLSearchParams();
  if (label !== undefined) query.set('class', classes![label]!);
  const chosen = Object.entries(codes).map(([name, value]) => `${name}=${value}`);
  if (chosen.length > 0) query.set('code', chosen.join());
  if (truncation !== undefined) query.set('truncation', String(truncation));
  return query;
}

/** An address's query with a state in place of its own; what the page does not know stays. */
export function writeState(
  query: URLSearchParams,
  state: State,
  metadata: GeneratorMetadata,
): URLSearchParams {
  const written = new URLSearchParams(query);
  for (const name of ['class', 'code', 'truncation', 'view', 'from', 'to', 'picture']) {
    written.delete(name);
  }
  written.set('seed', String(state.seed));
  for (const [name, text] of wantedQuery(state, metadata)) written.set(name, text);
  if (state.view !== FIRST.view) written.set('view', state.view);
  if (state.view === 'between') {
    written.set('from', String(state.from));
    written.set('to', String(state.to));
  }
  if (state.picture !== undefined) written.set('picture', String(state.picture));
  return written;
}

function whole(name: string, text: string, most: number): number {
  const parsed = parseWholeNumber(text.trim(), 0, most);
  if ('value' in parsed) return parsed.value;
  throw new Error(`${name}: ${parsed.reason}`);
}

function readView(text: string): View {
  const view = VIEWS.find((name) => name === text);
  if (view) return view;
  throw new Error(`view: expected ${VIEWS.join(', ')}, got ${quote(text)}`);
}

function readCodes(text: string, { codes: spec }: GeneratorMetadata): ChosenCodes {
  if (!spec) throw new Error('code: this generator was trained without codes');
  const chosen = parseCodes(text);
  const reason = codesReason(codesOf(spec), chosen);
  if (reason) throw new Error(reason);
  return chosen;
}

function readTruncation(text: string): number {
  const value = /^\d(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  const reason = truncationReason(value, quote(text));
  if (reason) throw new Error(`truncation: ${reason}`);
  return value;
}
