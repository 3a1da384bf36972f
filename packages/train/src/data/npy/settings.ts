/** How arrays become bytes. */
import * as z from 'zod';

/** What the numbers of arrays that are not bytes mean: of black and of white. */
export const rangeSetting = z.enum(['0..1', '-1..1', '0..255']);

export type NpyRange = z.infer<typeof rangeSetting>;

export interface NpyOptions {
  range?: NpyRange | undefined;
  /**
   * Told in one line which range floats seem to be of where none is given, and how far they reach. Without it such
   * are refused: what is trained on is not guessed.
   */
  onRange?: ((line: string) => void) | undefined;
}
