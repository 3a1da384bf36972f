/** Files in the forms that static servers send: as they are, by gzip, by Brotli. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Files } from './files.ts';

/** Brotli's best takes a minute for the megabytes of a runtime; the next is a tenth larger. */
const LARGE_BYTES = 2 ** 21;
/** What becomes hardly smaller is sent as it is. */
const WORTH_IT = 0.95;

/** With NAME.br and NAME.gz beside each file that becomes smaller so. */
export async function compressed(files: Files): Promise<Files> {
  const forms = await Promise.all([...files].map(([name, bytes]) => formsOf(name, bytes)));
  return new Map(forms.flat());
}

async function formsOf(name: string, bytes: Uint8Array): Promise<[string, Uint8Array][]> {
  const quality = bytes.length > LARGE_BYTES ? 9 : constants.BROTLI_MAX_QUALITY;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, { params }),
    promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
  ]);
  const forms: [string, Uint8Array][] = [
    [`${name}.br`, br],
    [`${name}.gz`, gz],
  ];
  return [[name, bytes], ...forms.filter(([, form]) => form.length < WORTH_IT * bytes.length)];
}

/** Bytes of a file as a server sends it that has the compressed ones. */
export function sentBytes(files: Files, name: string): number {
  return (files.get(`${name}.br`) ?? files.get(name)!).length;
}
