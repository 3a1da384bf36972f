/** How arrays become bytes. */
import * as z from 'zod';

/** What the numbers of arrays that are not bytes mean: of black and of white. */
export const rangeSetting = z.enum(['0..1', '-1..1']);

export interface NpyOptions {
  range?: z.infer<typeof rangeSetting> | undefined;
}
