/** A latent that was found for a picture, in JSON: what `ganport invert --json` prints and `ganport sample --z` draws. */
import * as z from 'zod';
import { parseJson, parseOrThrow } from './error.ts';
import { MAX_LATENT_SIZE } from './latents.ts';

/** What else the document has is of no use to who draws it. */
const foundLatentSchema = z.looseObject({
  z: z.array(z.number()).min(1).max(MAX_LATENT_SIZE),
  /** Name of its class, of a generator of classes. */
  class: z.string().optional(),
});

export type FoundLatent = Pick<z.infer<typeof foundLatentSchema>, 'z' | 'class'>;

/** @param what names the file. @throws ModelError in one line if the text is something else */
export function parseFoundLatent(text: string, what: string): FoundLatent {
  return parseOrThrow(foundLatentSchema, parseJson(text, what), what);
}
