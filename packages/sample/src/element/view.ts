/** What is in the shadow of the element. Style sheets are made, not written into it: strict policies forbid inline styles. */

export interface View {
  canvas: HTMLCanvasElement;
  /** Shows a picture before there is one. */
  showPoster(src: string | null): void;
  /** The canvas in place of the poster and of what the page put into the element. */
  showPicture(label: string | undefined): void;
  showError(message: string): void;
  /** The button that ends and begins a walk; nothing hides it. */
  showToggle(does: 'pause' | 'play' | undefined): void;
}

const CSS = `
  :host { display: inline-block; position: relative; vertical-align: middle; }
  :host([hidden]), [hidden] { display: none !important; }
  canvas, img { display: block; inline-size: 100%; block-size: auto; image-rendering: pixelated; }
  button {
    position: absolute; inset-block-end: 0.25rem; inset-inline-end: 0.25rem;
    inline-size: 1.75rem; block-size: 1.75rem; padding: 0.4rem; border: 1px solid currentColor; border-radius: 0.25rem;
    color: CanvasText; background: Canvas; cursor: pointer;
  }
  button::before { content: ''; display: block; block-size: 100%; background: currentColor; forced-color-adjust: none; }
  button.pause::before { clip-path: polygon(10% 0, 40% 0, 40% 100%, 60% 100%, 60% 0, 90% 0, 90% 100%, 60% 100%, 40% 100%, 10% 100%); }
  button.play::before { clip-path: polygon(10% 0, 100% 50%, 10% 100%); }
  button:focus-visible { outline: 2px solid CanvasText; outline-offset: 2px; }
  p { margin: 0; font: inherit; overflow-wrap: anywhere; }
`;

export function createView(host: HTMLElement, onToggle: () => void): View {
  const root = host.attachShadow({ mode: 'open' });
  const { ownerDocument: document } = host;
  const make = <Tag extends keyof HTMLElementTagNameMap>(tag: Tag, part: string) => {
    const element = document.createElement(tag);
    element.part.add(part);
    element.hidden = true;
    return element;
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  const fallback = document.createElement('slot');
  const poster = make('img', 'poster');
  const canvas = make('canvas', 'canvas');
  const error = make('p', 'error');
  const toggle = make('button', 'toggle');
  poster.alt = '';
  toggle.type = 'button';
  toggle.addEventListener('click', onToggle);
  root.append(fallback, poster, canvas, error, toggle);
  return {
    canvas,
    showPoster(src) {
      poster.hidden = src === null || !canvas.hidden;
      fallback.hidden = !poster.hidden || !canvas.hidden;
      if (src !== null) poster.src = src;
    },
    showPicture(label) {
      canvas.hidden = false;
      poster.hidden = true;
      fallback.hidden = true;
      error.hidden = true;
      error.textContent = '';
      // Without words it is decoration.
      canvas.role = label === undefined ? 'presentation' : 'img';
      canvas.ariaLabel = label ?? null;
    },
    showError(message) {
      canvas.hidden = true;
      toggle.hidden = true;
      fallback.hidden = !poster.hidden;
      error.hidden = false;
      error.textContent = message;
    },
    showToggle(does) {
      toggle.hidden = does === undefined;
      if (does === undefined) return;
      toggle.className = does;
      toggle.ariaLabel = does === 'pause' ? 'Pause' : 'Play';
    },
  };
}
