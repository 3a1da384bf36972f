/** What is asked of the generator: a seed, and a class, codes and a truncation where there are such. */
import { type ChosenCodes, codesOf, type GeneratorMetadata, MAX_SEED } from '@ganport/model';
import { createChoice } from './choice.ts';
import { byId, reasonOf } from './dom.ts';
import { createSlider } from './slider.ts';
import { readSeed, type State } from './state.ts';

export interface Controls {
  show(state: State): void;
}

/** Above it latents are hardly ever: nothing is cut off. */
const NO_TRUNCATION = 3;
/** Codes of a normal distribution are hardly ever further from 0. */
const MAX_CODE = 3;
/** What "Random" draws from: seeds that a person can remember and type. */
const RANDOM_SEEDS = 1_000_000;

export function createControls(
  { classes, codes: spec }: GeneratorMetadata,
  onChange: (change: Partial<State>) => void,
): Controls {
  const shown: ((state: State) => void)[] = [createSeed(onChange)];
  const place = byId('choices');
  const add = (element: HTMLElement, show: (state: State) => void) => {
    place.append(element);
    shown.push(show);
  };
  if (classes) {
    const each = classes.map((text, value) => ({ value, text }));
    const options = [{ value: undefined, text: 'All' }, ...each];
    const choose = (label: number | undefined) => onChange({ label });
    const choice = createChoice({ name: 'class', legend: 'Class', options, onChange: choose });
    add(choice.element, ({ label }) => choice.show(label));
  }
  let codes: ChosenCodes = {};
  for (const { name, size } of codesOf(spec)) {
    const choose = (value: number | undefined) => {
      const { [name]: _, ...others } = codes;
      onChange({ codes: value === undefined ? others : { ...others, [name]: value } });
    };
    const control = size > 1 ? category(name, size, choose) : number(name, choose);
    add(control.element, (state) => control.show(state.codes[name]));
  }
  const truncation = createSlider({
    ...{ name: 'truncation', legend: 'Truncation', min: 0.1, max: NO_TRUNCATION, step: 0.1 },
    none: NO_TRUNCATION,
    wordsOf: (value) => (value === undefined ? 'off' : `±${value}`),
    onChange: (value) => onChange({ truncation: value }),
  });
  add(truncation.element, (state) => truncation.show(state.truncation));
  return {
    show(state) {
      codes = state.codes;
      for (const show of shown) show(state);
    },
  };
}

function category(name: string, size: number, onChange: (value: number | undefined) => void) {
  const each = Array.from({ length: size }, (_, value) => ({ value, text: String(value) }));
  const options = [{ value: undefined, text: 'Any' }, ...each];
  return createChoice<number | undefined>({
    name: `code-${name}`,
    legend: name,
    options,
    onChange,
  });
}

/** Where it stands on 0, the code is 0; before it is touched, each picture has its own. */
function number(name: string, onChange: (value: number | undefined) => void) {
  return createSlider({
    ...{ name: `code-${name}`, legend: name, min: -MAX_CODE - 0.1, max: MAX_CODE, step: 0.1 },
    none: -MAX_CODE - 0.1,
    wordsOf: (value) => (value === undefined ? 'any' : value.toFixed(1)),
    onChange: (value) => onChange(value === undefined ? value : Number(value.toFixed(1))),
  });
}

function createSeed(onChange: (change: Partial<State>) => void): (state: State) => void {
  const field = byId<HTMLInputElement>('seed');
  const fault = byId('seed-fault');
  const tell = (text: string) => {
    fault.textContent = text;
    field.setAttribute('aria-invalid', String(text !== ''));
  };
  const go = (step: number) => {
    try {
      const seed = readSeed(field.value) + step;
      onChange({ seed: seed < 0 ? MAX_SEED : seed > MAX_SEED ? 0 : seed });
    } catch (error) {
      tell(reasonOf(error));
      field.focus();
    }
  };
  byId('controls').addEventListener('submit', (event) => {
    event.preventDefault();
    go(0);
  });
  byId('previous').addEventListener('click', () => go(-1));
  byId('next').addEventListener('click', () => go(1));
  byId('random').addEventListener('click', () => {
    onChange({ seed: Math.floor(Math.random() * RANDOM_SEEDS) });
  });
  return ({ seed }) => {
    field.value = String(seed);
    tell('');
  };
}
