/** The model that a command is given: a file, a run folder with its export, or standard input. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { readGeneratorMetadata } from '@ganport/model';
import { checkpointSteps } from '@ganport/model/node';
import { isNoModel, LOOKED_AT } from '@ganport/onnx';
import { MAX_MODEL_BYTES, type ModelFile, readModel } from '@ganport/sample/node';
import { type Log, UsageError } from './command.ts';
import { argument } from './flags.ts';
import { commandLine } from './invocation.ts';

const STDIN = '-';

export const MODEL = argument('A generator.onnx, its run folder, or - for standard input');

/**
 * Says in the log where a run has been trained on since its export.
 * @throws UsageError if it is to be typed into a terminal; Error in one line that names it, if it cannot be read
 */
export async function readGiven(model: string, log?: Log): Promise<ModelFile> {
  if (model !== STDIN) {
    const path = await modelPath(model);
    const bytes = await readModel(path);
    if (log && path !== model) await noteAge(model, bytes, log);
    return { path, bytes };
  }
  if (process.stdin.isTTY) {
    throw new UsageError(
      '-: expected a model on standard input, which is a terminal: send one with < or |',
    );
  }
  return { path: 'standard input', bytes: await readWithin(process.stdin, MAX_MODEL_BYTES) };
}

/** For what is read later. @throws Error if it is a run without an export */
export async function expectExported(path: string, log: Log): Promise<void> {
  if (!existsSync(join(path, 'run.json'))) return;
  await readGiven(path, log);
}

async function noteAge(folder: string, bytes: Uint8Array, log: Log): Promise<void> {
  const [last] = existsSync(join(folder, 'run.json')) ? await checkpointSteps(folder) : [];
  if (last === undefined) return;
  let steps: number;
  try {
    steps = readGeneratorMetadata(bytes).provenance.steps;
  } catch {
    // Whoever loads it says what is wrong with it.
    return;
  }
  if (steps === last) return;
  log(
    `generator.onnx of ${folder} is of step ${steps}, the run is at ${last}: \`${commandLine('export', folder)}\` writes it anew`,
  );
}

/** Of a folder, the model in it. */
async function modelPath(given: string): Promise<string> {
  const stats = await stat(given).catch(() => undefined);
  if (!stats?.isDirectory()) return given;
  const path = join(given, 'generator.onnx');
  if (existsSync(path)) return path;
  const isRun = existsSync(join(given, 'run.json'));
  throw new Error(
    isRun
      ? `${given} has no generator.onnx yet: \`${commandLine('export', given)}\` writes it`
      : `${given} is a folder without a generator.onnx: expected a model or a run folder`,
  );
}

/**
 * A stream to its end, if it ends within `limit` bytes. What begins as no model does is not read on: it may have no
 * end, and its beginning is enough to say what it is.
 */
export async function readWithin(stream: Readable, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let looked = false;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) throw new Error(`standard input: more than ${limit} bytes; no model has`);
    chunks.push(chunk);
    if (looked || size <= LOOKED_AT) continue;
    looked = true;
    if (isNoModel(Buffer.concat(chunks))) break;
  }
  return Buffer.concat(chunks);
}
