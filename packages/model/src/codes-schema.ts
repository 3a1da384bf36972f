/**
 * How codes are written in a network and in metadata. Apart from what reads their values, which a page loads without a
 * library of schemas.
 */
import * as z from 'zod';

/** Names of integers would not keep their order in JSON. */
const nameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'expected a name of letters, digits, _ and -, a letter first')
  .refine((name) => name !== 'output' && name !== 'classes', {
    error: 'expected another name: an output of the discriminator has it',
  });

export const codesSchema = z.record(
  nameSchema,
  z.union([z.strictObject({ categories: z.int().min(2).max(1000) }), z.literal('normal')], {
    error: 'expected { "categories": number } or "normal"',
  }),
);

export type CodesSpec = z.infer<typeof codesSchema>;
