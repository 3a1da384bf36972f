/** Copying, with a word that it was done. */

/** How long a button says so. */
const SAID_MS = 1600;

/** Makes a button copy what `textOf` gives. */
export function copies(button: HTMLButtonElement, textOf: () => string): void {
  const { textContent: name } = button;
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener('click', async () => {
    const done = await copy(textOf());
    button.textContent = done ? 'Copied' : 'Not allowed here';
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = name;
    }, SAID_MS);
  });
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard for pages over HTTP from another machine.
    return copySelected(text);
  }
}

function copySelected(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  const place = document.querySelector('dialog[open]') ?? document.body;
  place.append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } finally {
    field.remove();
  }
}
