/** What a model may be called. */
import { quote } from '@ganport/model';
import { ServeError } from './error.ts';

export const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** @param where what the error begins with. @throws ServeError for what cannot be a name */
export function expectName(name: string, where = ''): string {
  if (NAME.test(name)) return name;
  throw new ServeError(
    `${where}${quote(name)} is no name for a model: expected up to 64 letters, digits, "_", "-" and ".", the first a letter or digit`,
  );
}
