/** Defines `<gan-image>`. On a server it does nothing. */
import { GanImage } from './element.ts';

declare global {
  interface HTMLElementTagNameMap {
    'gan-image': GanImage;
  }
}

const { customElements } = globalThis;
if (customElements && !customElements.get('gan-image'))
  customElements.define('gan-image', GanImage);

export { GanImage };
