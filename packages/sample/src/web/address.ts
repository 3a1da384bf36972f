import { SampleError } from '../error.ts';

/**
 * @param what names it in errors
 * @throws SampleError for what is no address
 */
export function addressOf(given: string | URL, base: string, what: string): string {
  try {
    return new URL(given, base).href;
  } catch {
    throw new SampleError(`${what}: expected an address, got ${JSON.stringify(String(given))}`);
  }
}
