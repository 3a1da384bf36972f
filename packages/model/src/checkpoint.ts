/** Checkpoints: a run's whole training state, each bound to what it was trained with. */
import * as z from 'zod';
import { ModelError, parseJson, parseOrThrow, quote } from './error.ts';
import { expectVersion, type Pointer, type Run, readPointer, scoresSchema } from './run-folder.ts';
import { differenceOf, type Origin, originOf, originSchema, runAt } from './run-history.ts';
import type { RunStore } from './run-store.ts';
import { MAX_FILE_BYTES, type WeightTensor } from './safetensors.ts';
import { decodeWeights } from './weights.ts';

/** Which of a run's checkpoints: what a pointer names, or that of a step. */
export type CheckpointChoice = Pointer | number;

export interface Checkpoint {
  path: string;
  /** Steps done. */
  step: number;
  scores: Record<string, number>;
  tensors: Record<string, WeightTensor>;
  /** What it was trained with; ganport 0.1.0 did not say. */
  origin: Origin | undefined;
  /** SHA-256 of the file, hexadecimal. */
  sha256: string;
}

const CHECKPOINT_VERSION = 1;
const CHECKPOINT_FORMATS = /^ganport-checkpoint-(\d{1,9})$/;
const CHECKPOINT_FORMAT = `ganport-checkpoint-${CHECKPOINT_VERSION}`;

const CHECKPOINT_NAME = /^step-(\d{6,15})\.safetensors$/;

export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}.safetensors`;
}

/** A checkpoint's name within a run folder. */
export function checkpointFile(name: string): string {
  return `checkpoints/${name}`;
}

/** The step in a checkpoint's name: NaN if it is no such name. */
export function checkpointStep(name: string): number {
  return Number(CHECKPOINT_NAME.exec(name)?.[1]);
}

/** Steps of the checkpoints that are there, the last first. */
export async function checkpointSteps(store: RunStore): Promise<number[]> {
  return (await store.list('checkpoints'))
    .map(checkpointStep)
    .filter(Number.isFinite)
    .sort((a, b) => b - a);
}

/** Whether a run has saved nothing yet: it was ended before its first checkpoint. */
export async function isUnsaved(store: RunStore): Promise<boolean> {
  const pointed = (await store.has('latest')) || (await store.has('best'));
  return !pointed && (await checkpointSteps(store)).length === 0;
}

/** A checkpoint's metadata, which `readCheckpoint` reads. */
export function checkpointMetadata(
  run: Run,
  { step, scores }: Pick<Checkpoint, 'step' | 'scores'>,
): Record<string, string> {
  return {
    format: CHECKPOINT_FORMAT,
    step: String(step),
    scores: JSON.stringify(scores),
    run: JSON.stringify(originOf(run)),
  };
}

/**
 * Reads a checkpoint and verifies its digest. The latest, where a process was killed before it said
 * which that is, is the last there is.
 * @throws ModelError if it is missing, damaged, or of training that had diverged, with those there
 * are beside it.
 */
export async function readCheckpoint(
  store: RunStore,
  choice: CheckpointChoice,
): Promise<Checkpoint> {
  if (await isUnsaved(store)) {
    const { name } = store;
    throw new ModelError(`${name} has no checkpoint yet: train --resume ${name} makes one`);
  }
  let name: string | undefined;
  try {
    name = await nameOf(store, choice);
    const checkpoint = await readNamed(store, name);
    expectSound(checkpoint);
    return checkpoint;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const steps = await checkpointSteps(store);
    const others = steps.filter((step) => checkpointName(step) !== name);
    const remedy =
      others.length > 0
        ? `name another, to train --resume or export: --checkpoint ${others.join(' or ')}`
        : 'there is no other: train anew';
    throw new ModelError(`${error.message}; ${remedy}`);
  }
}

async function nameOf(store: RunStore, choice: CheckpointChoice): Promise<string> {
  if (typeof choice === 'number') {
    const name = checkpointName(choice);
    if (await store.has(checkpointFile(name))) return name;
    throw new ModelError(`${store.name} has no checkpoint of step ${choice}`);
  }
  if (choice === 'latest' && !(await store.has(choice))) {
    const [last] = await checkpointSteps(store);
    if (last !== undefined) return checkpointName(last);
  }
  const { name } = await readPointer(store, choice);
  if (await store.has(checkpointFile(name))) return name;
  throw new ModelError(`${store.pathOf(choice)} names ${name}, which is not in checkpoints`);
}

const stepSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number);

async function readNamed(store: RunStore, name: string): Promise<Checkpoint> {
  const path = store.pathOf(checkpointFile(name));
  const bytes = await store.read(checkpointFile(name), MAX_FILE_BYTES);
  const read = await decodeWeights(bytes, path, store.sha256);
  const { tensors, metadata, sha256, verified } = read;
  const { format = '' } = metadata;
  expectVersion(path, Number(CHECKPOINT_FORMATS.exec(format)?.[1]), CHECKPOINT_VERSION);
  if (format !== CHECKPOINT_FORMAT) {
    const got = quote(format || 'none');
    throw new ModelError(
      `${path} is not a ganport checkpoint: expected format "${CHECKPOINT_FORMAT}", got ${got}`,
    );
  }
  if (!verified) throw new ModelError(`${path} is damaged: it has no digest to check it by`);
  const parsed = <S extends z.ZodType>(key: string, schema: S, text: string) =>
    parseOrThrow(schema, parseJson(text, `${path}: ${key}`), `${path}: ${key}`);
  const step = parseOrThrow(stepSchema, metadata.step, `${path}: step`);
  if (checkpointName(step) !== name) {
    throw new ModelError(
      `${path} is of another step: expected ${checkpointName(step)} as its name`,
    );
  }
  const scores = parsed('scores', scoresSchema, metadata.scores ?? '{}');
  const origin = metadata.run === undefined ? undefined : parsed('run', originSchema, metadata.run);
  return { path, step, scores, tensors, origin, sha256 };
}

/** ganport 0.1.0 saved checkpoints also of training that had diverged. */
function expectSound({ path, tensors }: Checkpoint): void {
  for (const [name, { dtype, data }] of Object.entries(tensors)) {
    const odd = dtype === 'float32' ? nonFinite(data as Float32Array) : undefined;
    if (odd === undefined) continue;
    throw new ModelError(`${path} is of training that had diverged: there is ${odd} in ${name}`);
  }
}

/** The first value that is NaN or infinite. */
export function nonFinite(values: ArrayLike<number>): number | undefined {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return values[i];
  }
  return undefined;
}

/**
 * Checks that a run.json is what a checkpoint was trained with, but for what a resumed run may change.
 * @returns the run as it was at the checkpoint
 * @throws ModelError that names the first difference
 */
export function runOf(
  { path, step, origin }: Checkpoint,
  run: Run,
  { pathOf }: Pick<RunStore, 'pathOf'>,
): Run {
  const then = runAt(run, step);
  const changed = origin && differenceOf(origin, originOf(then));
  if (!changed) return then;
  const { field, was, is } = changed;
  const otherwise =
    field === 'config.adam.learningRate'
      ? 'give another to train --resume, as --learning-rate'
      : 'train another run';
  throw new ModelError(
    `${pathOf('run.json')} is not what ${path.split(/[\\/]/).at(-1)} was trained with: expected ${field} ${quote(was)}, got ${quote(is)}; put it back, or ${otherwise}`,
  );
}

/** A float32 tensor of a checkpoint. @throws ModelError if it is missing or of another shape. */
export function checkpointTensor(
  { path, tensors }: Checkpoint,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors[name];
  if (tensor?.dtype !== 'float32' || String(tensor.shape) !== String(shape)) {
    const got = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing';
    throw new ModelError(
      `${path} does not fit the networks: expected ${name} of float32 [${shape}], got ${got}; give run.json back the networks that were trained, or train these in a new run`,
    );
  }
  return tensor.data as Float32Array;
}
