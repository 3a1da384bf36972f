import { expect } from 'vitest';
import { ModelError } from '../src/error.ts';

/** The one line of the ModelError that this ends with, its paths relative to `folder`. */
export async function refusal(reading: Promise<unknown>, folder: string): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).not.toMatch(/\p{Cc}/u);
  return error.message.replaceAll(`${folder}/`, '').replaceAll(folder, 'RUN');
}
