/** A picture file as an image of a model's size. */
import { ModelError, quote } from '@ganport/model';
import { readFileWithin } from '@ganport/model/node';
import { drawPicture, type Form, MAX_PICTURE_BYTES } from '../data/pictures/picture.ts';

/**
 * Bytes [H, W, C] of a PNG, JPEG, WebP or AVIF file, made as the pictures of a folder are: cropped to its middle and on
 * white unless told otherwise.
 * @throws ModelError that names the file and says why it cannot be read
 */
export async function readPicture(
  path: string,
  form: Pick<Form, 'height' | 'width' | 'channels'> & Partial<Form>,
): Promise<Uint8Array> {
  const bytes = await readFileWithin(path, MAX_PICTURE_BYTES);
  return drawPicture(bytes, { fit: 'crop', background: '#ffffff', ...form }).catch(
    (error: unknown) => {
      if (!(error instanceof ModelError)) throw error;
      throw new ModelError(`${quote(path)}: ${error.message}`, { cause: error });
    },
  );
}
