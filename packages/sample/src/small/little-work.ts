/** What a page's `auto` leaves to the small runtime. */
import { latentBatch } from '@ganport/model';
import { SMALL_WORK } from '../web/load.ts';
import { openPictures } from './picture.ts';

/** Whether the small runtime draws a model, and a picture is so little work that `auto` takes no other. */
export function isLittleWork(model: Uint8Array): boolean {
  try {
    const { metadata, draw } = openPictures(model);
    draw(latentBatch(0, 0, 1, metadata.latent.size), metadata.classes && 0n, SMALL_WORK);
    return true;
  } catch {
    return false;
  }
}
