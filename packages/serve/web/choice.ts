/** One of a few things: buttons of which one is pressed in, or a list where there are many. */
import { make } from './dom.ts';

export interface ChoiceOptions<T> {
  name: string;
  legend: string;
  options: readonly { value: T; text: string }[];
  onChange(value: T): void;
}

export interface Choice<T> {
  element: HTMLElement;
  show(value: T): void;
}

/** More are a list. */
const MAX_BUTTONS = 13;

export function createChoice<T>(options: ChoiceOptions<T>): Choice<T> {
  return options.options.length > MAX_BUTTONS ? createList(options) : createButtons(options);
}

function createButtons<T>({ name, legend, options, onChange }: ChoiceOptions<T>): Choice<T> {
  const inputs = options.map(({ value, text }, i) => {
    const input = make('input', { type: 'radio', name, value: String(i) });
    input.addEventListener('change', () => onChange(value));
    return { input, label: make('label', {}, input, make('span', { textContent: text })) };
  });
  const row = make('div', { className: 'joined' }, ...inputs.map(({ label }) => label));
  const element = make('fieldset', { className: 'choice' });
  element.append(make('legend', { textContent: legend }), row);
  return {
    element,
    show(value) {
      inputs.forEach(({ input }, i) => {
        input.checked = options[i]!.value === value;
      });
    },
  };
}

function createList<T>({ name, legend, options, onChange }: ChoiceOptions<T>): Choice<T> {
  const select = make('select', { name });
  select.append(...options.map(({ text }, i) => new Option(text, String(i))));
  select.addEventListener('change', () => onChange(options[select.selectedIndex]!.value));
  return {
    element: make('label', { className: 'field' }, make('span', { textContent: legend }), select),
    show(value) {
      select.selectedIndex = options.findIndex((option) => option.value === value);
    },
  };
}
