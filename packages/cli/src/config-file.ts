/** A JSON file of settings. */
import { decodeText, parseJson } from '@ganport/model';
import { readFileWithin } from '@ganport/model/node';
import { UsageError } from './command.ts';

/** As of a run.json, which holds a configuration and more. */
const MAX_CONFIG_BYTES = 2 ** 24;

/**
 * @param said what the path was given as, for the error: "--config"
 * @throws UsageError if it cannot be read, or is not JSON
 */
export async function readJson(path: string, said?: string): Promise<unknown> {
  try {
    return parseJson(decodeText(await readFileWithin(path, MAX_CONFIG_BYTES), path), path);
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(said === undefined ? message : `${said}: ${message}`);
  }
}
