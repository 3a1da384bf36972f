/** A number that is slid to, with its value in words; at its end there can be none. */
import { make } from './dom.ts';

export interface SliderOptions {
  name: string;
  legend: string;
  min: number;
  max: number;
  step: number;
  /** What the slider stands at where there is no number. */
  none: number;
  wordsOf(value: number | undefined): string;
  onChange(value: number | undefined): void;
}

export interface Slider {
  element: HTMLElement;
  show(value: number | undefined): void;
}

export function createSlider(options: SliderOptions): Slider {
  const { name, legend, min, max, step, none, wordsOf, onChange } = options;
  const input = make('input', { type: 'range', name });
  Object.assign(input, { min: String(min), max: String(max), step: String(step) });
  const output = make('output', {});
  const show = (value: number | undefined) => {
    input.value = String(value ?? none);
    output.textContent = wordsOf(value);
    input.setAttribute('aria-valuetext', wordsOf(value));
  };
  input.addEventListener('input', () => {
    const value = Number(input.value) === none ? undefined : Number(input.value);
    show(value);
    onChange(value);
  });
  const label = make('span', { textContent: legend });
  return { element: make('label', { className: 'field slider' }, label, input, output), show };
}
