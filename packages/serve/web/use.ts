/** "Use these pictures": their code in one of a few languages, to be copied. */
import { createChoice } from './choice.ts';
import { codeFor, LANGUAGES, type Language } from './code.ts';
import type { Context } from './context.ts';
import { copies } from './copy.ts';
import { byId } from './dom.ts';
import type { State } from './state.ts';

export function createUse({ model, count }: Context): { show(state: State): void } {
  const { metadata } = model;
  const code = byId('code');
  let language: Language = LANGUAGES[0];
  let shown: State | undefined;
  const fill = () => {
    if (!shown) return;
    const base = document.baseURI;
    const { picture, ...wanted } = shown;
    code.textContent = codeFor(language, { base, wanted, picture, count, metadata });
  };
  const choice = createChoice<Language>({
    name: 'language',
    legend: 'As',
    options: LANGUAGES.map((value) => ({ value, text: value })),
    onChange(chosen) {
      language = chosen;
      fill();
    },
  });
  choice.show(language);
  byId('languages').append(choice.element);
  copies(byId<HTMLButtonElement>('copy-code'), () => code.textContent ?? '');
  copies(byId<HTMLButtonElement>('copy-link'), () => location.href);
  return {
    show(state) {
      shown = state;
      fill();
    },
  };
}
