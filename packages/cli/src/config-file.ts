/** A JSON file of settings. */
import { decodeText, parseSettings } from '@ganport/model';
import { readFileWithin } from '@ganport/model/node';
import { UsageError } from './command.ts';

/** As of a run.json, which holds a configuration and more. */
const MAX_CONFIG_BYTES = 2 ** 24;

/**
 * @param said what the path was given as, for the error: "--config"
 * @throws UsageError if it is not JSON, has a name twice, or a flag names what cannot be read; Error where an argument does
 */
export async function readJson(path: string, said?: string): Promise<unknown> {
  const wrong = ({ message }: Error): never => {
    throw new UsageError(said === undefined ? message : `${said}: ${message}`);
  };
  const reading = readFileWithin(path, MAX_CONFIG_BYTES);
  const bytes = await (said === undefined ? reading : reading.catch(wrong));
  try {
    return parseSettings(decodeText(bytes, path), path);
  } catch (error) {
    return wrong(error as Error);
  }
}
