/**
 * The run folder's format: what training leaves and export reads.
 *
 *     run.json                             configuration, seed, data, versions, engine, device
 *     metrics.jsonl                        one line per logged step
 *     samples/step-NNNNNN.png              images of fixed latents
 *     checkpoints/step-NNNNNN.safetensors  the whole training state
 *     latest                               the name of a checkpoint
 *     best                                 the same, and in a second line its scores, as JSON
 *     lock                                 whose the folder is, while a run is trained in it
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ModelError, parseJson, parseOrThrow, quote } from './error.ts';
import { readFileWithin } from './files.ts';
import { networkSchema } from './network.ts';
import { decodeText } from './text.ts';
import { readWeights, type WeightTensor } from './weights-file.ts';

/** What can have trained a run. */
export const ENGINES = ['onnxruntime', 'tensorflow'] as const;
export type EngineName = (typeof ENGINES)[number];
/** And on what. */
const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;

const RUN_FORMAT = 1;

/** The name of a run folder's lock. */
export const LOCK = 'lock';

/** More than any machine has, and few enough for the system to start them. */
export const MAX_THREADS = 1024;

export const runSchema = z.strictObject({
  /** Version of this format. */
  format: z.literal(RUN_FORMAT),
  config: z.looseObject({
    name: z.string(),
    seed: z.int().nonnegative(),
    generator: networkSchema,
    discriminator: networkSchema,
  }),
  dataset: z.strictObject({ name: z.string(), count: z.int().positive(), sha256: z.string() }),
  engine: z.enum(ENGINES),
  device: z.enum(DEVICES),
  threads: z.int().min(1).max(MAX_THREADS),
  /** Whether CUDA multiplied with TensorFloat-32. */
  tf32: z.boolean().default(false),
  versions: z.record(z.string(), z.string()),
});

export type Run = z.infer<typeof runSchema>;

/** Which of a run's checkpoints: the one with the best score, or the last. */
export type Pointer = 'best' | 'latest';

export interface Checkpoint {
  path: string;
  /** Steps done. */
  step: number;
  scores: Record<string, number>;
  tensors: Record<string, WeightTensor>;
  /** SHA-256 of the file, hexadecimal. */
  sha256: string;
}

const CHECKPOINT_VERSION = 1;
const CHECKPOINT_FORMATS = /^ganport-checkpoint-(\d{1,9})$/;
export const CHECKPOINT_FORMAT = `ganport-checkpoint-${CHECKPOINT_VERSION}`;

/** A checkpoint's name and, in a second line, its scores. */
const POINTER = /^(step-\d{6,}\.safetensors)(?:\r?\n(\{.*\}))?$/;

/** Two networks of a thousand layers each, and the rest, need less than 1 MB. */
const MAX_RUN_BYTES = 2 ** 24;
const MAX_POINTER_BYTES = 4096;

export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}.safetensors`;
}

export function checkpointPath(folder: string, name: string): string {
  return join(folder, 'checkpoints', name);
}

/** Reads and validates a run folder's run.json. @throws ModelError */
export async function readRun(folder: string): Promise<Run> {
  const path = join(folder, 'run.json');
  const text = await readText(path, MAX_RUN_BYTES, `${folder} is not a run folder`);
  const run = parseJson(text, path);
  expectVersion(path, Number((run as { format?: unknown } | null)?.format), RUN_FORMAT);
  return parseOrThrow(runSchema, run, path);
}

function expectVersion(path: string, version: number, newest: number): void {
  if (!(version > newest)) return;
  throw new ModelError(
    `${path} was written by a newer ganport: expected format ${newest}, got ${version}; update ganport`,
  );
}

/**
 * Whether a run has saved nothing yet: it was ended before its first checkpoint, and neither pointer
 * is there.
 */
export function isUnsaved(folder: string): boolean {
  return !existsSync(join(folder, 'latest')) && !existsSync(join(folder, 'best'));
}

export interface Pointed {
  /** The checkpoint's file name. */
  name: string;
  /** Its scores, which only `best` has; those of ganport 0.1.0 have none. */
  scores?: Record<string, number>;
}

/** What a pointer's file says. */
export function pointerText({ name, scores }: Pointed): string {
  return scores ? `${name}\n${JSON.stringify(scores)}\n` : `${name}\n`;
}

/** The checkpoint a pointer names. @throws ModelError */
export async function readPointer(folder: string, pointer: Pointer): Promise<Pointed> {
  const path = join(folder, pointer);
  const otherwise = `${folder} has no "${pointer}" checkpoint yet`;
  const text = (await readText(path, MAX_POINTER_BYTES, otherwise)).trim();
  const [, name, scores] = POINTER.exec(text) ?? [];
  if (name === undefined) {
    throw new ModelError(`${path}: expected the name of a checkpoint, got ${quote(text)}`);
  }
  if (scores === undefined) return { name };
  return { name, scores: parseOrThrow(scoresSchema, parseJson(scores, path), path) };
}

const stepSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number);
/** JSON has null for what is not finite. */
const scoresSchema = z.record(
  z.string(),
  z.number({
    error: ({ input }) =>
      input === null ? 'expected a finite number; training had diverged' : undefined,
  }),
);

/**
 * Reads a checkpoint and verifies its digest.
 * @throws ModelError if it is missing, damaged, or not one of ganport's.
 */
export async function readCheckpoint(folder: string, pointer: Pointer): Promise<Checkpoint> {
  const { name } = await readPointer(folder, pointer);
  const path = checkpointPath(folder, name);
  const { tensors, metadata, sha256, verified } = await readWeights(path);
  expectVersion(
    path,
    Number(CHECKPOINT_FORMATS.exec(metadata.format ?? '')?.[1]),
    CHECKPOINT_VERSION,
  );
  if (metadata.format !== CHECKPOINT_FORMAT) {
    const got = quote(metadata.format ?? 'none');
    throw new ModelError(
      `${path} is not a ganport checkpoint: expected format "${CHECKPOINT_FORMAT}", got ${got}`,
    );
  }
  if (!verified) throw new ModelError(`${path} is damaged: it has no digest to check it by`);
  const step = parseOrThrow(stepSchema, metadata.step, `${path}: step`);
  const listed = parseJson(metadata.scores ?? '{}', `${path}: scores`);
  const scores = parseOrThrow(scoresSchema, listed, `${path}: scores`);
  return { path, step, scores, tensors, sha256 };
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

async function readText(path: string, limit: number, otherwise: string): Promise<string> {
  try {
    return decodeText(await readFileWithin(path, limit), path);
  } catch (error) {
    throw error instanceof ModelError ? new ModelError(`${otherwise}: ${error.message}`) : error;
  }
}
