/** What is known of a sweep's runs: results.json, written anew after each. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText, ModelError, parseJson, parseOrThrow } from '@ganport/model';
import { readFileWithin, writeFileAtomic } from '@ganport/model/node';
import * as z from 'zod';

/** A thousand runs with twenty scores have 1 MB. */
const MAX_BYTES = 2 ** 26;

const recordSchema = z.strictObject({
  name: z.string(),
  settings: z.record(z.string(), z.string()),
  digest: z.string(),
  /** Steps done. */
  step: z.int().nonnegative(),
  /** `training` is what was begun, and perhaps ended by a signal. */
  status: z.enum(['training', 'done', 'failed']),
  /** The median step's, checkpoints aside. */
  msPerStep: z.number().positive().optional(),
  scores: z.record(z.string(), z.number()).optional(),
  /** What is wrong with the training as it ended. */
  warnings: z.array(z.string()).optional(),
  /** Why it failed. */
  error: z.string().optional(),
  /** Whether that was its training, which diverged: a result as any other. */
  diverged: z.literal(true).optional(),
});

const resultsSchema = z.strictObject({ format: z.literal(1), runs: z.array(recordSchema) });

export type RunRecord = z.infer<typeof recordSchema>;

function resultsPath(folder: string): string {
  return join(folder, 'results.json');
}

/**
 * Records by the names of their runs: none where there is no file yet.
 * @throws ModelError for a file that is damaged
 */
export async function readResults(folder: string): Promise<Map<string, RunRecord>> {
  const path = resultsPath(folder);
  if (!existsSync(path)) return new Map();
  try {
    const json = parseJson(decodeText(await readFileWithin(path, MAX_BYTES), path), path);
    const { runs } = parseOrThrow(resultsSchema, json, path);
    return new Map(runs.map((run) => [run.name, run]));
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(
      `${error.message}. Remove it to have the runs beside it scored anew; what was trained is kept`,
      { cause: error },
    );
  }
}

export async function writeResults(
  folder: string,
  records: ReadonlyMap<string, RunRecord>,
): Promise<void> {
  const json = { format: 1, runs: [...records.values()] };
  await writeFileAtomic(resultsPath(folder), `${JSON.stringify(json, null, 2)}\n`);
}
