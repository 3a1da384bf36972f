/** Defines `<gan-image>`. On a server it does nothing. */
import type { GanImageElement } from './element/gan-image.ts';
import { GanImage } from './element.ts';

declare global {
  interface HTMLElementTagNameMap {
    'gan-image': GanImageElement;
  }
}

const { customElements } = globalThis;
if (customElements && !customElements.get('gan-image'))
  customElements.define('gan-image', GanImage);

export { GanImage };
