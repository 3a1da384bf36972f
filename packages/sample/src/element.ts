/** The class of `<gan-image>`, for pages that a bundler makes. It defines nothing: `@ganport/sample/define` does. */
import { GanImageElement } from './element/gan-image.ts';
import { loadGenerator } from './web.ts';

export class GanImage extends GanImageElement {
  static override load = loadGenerator;
}
