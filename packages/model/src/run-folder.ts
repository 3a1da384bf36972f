/**
 * The run folder's format: what training leaves and export reads.
 *
 *     run.json                             configuration, seed, data, versions, engine, device
 *     metrics.jsonl                        one line per logged step
 *     samples/step-NNNNNN.png              images of fixed latents
 *     checkpoints/step-NNNNNN.safetensors  the whole training state
 *     best, latest                         the name of a checkpoint
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ModelError, parseOrThrow } from './error.ts';
import { networkSchema } from './network.ts';
import { readWeights, type WeightTensor } from './weights-file.ts';

export const runSchema = z.strictObject({
  /** Version of this format. */
  format: z.literal(1),
  config: z.looseObject({
    name: z.string(),
    seed: z.int().nonnegative(),
    generator: networkSchema,
    discriminator: networkSchema,
  }),
  dataset: z.strictObject({ name: z.string(), count: z.int().positive(), sha256: z.string() }),
  engine: z.string(),
  device: z.string(),
  threads: z.int().nonnegative(),
  versions: z.record(z.string(), z.string()),
});

export type Run = z.infer<typeof runSchema>;

/** Which of a run's checkpoints: the one with the best score, or the last. */
export type Pointer = 'best' | 'latest';

export interface Checkpoint {
  /** Steps done. */
  step: number;
  scores: Record<string, number>;
  tensors: Record<string, WeightTensor>;
  /** SHA-256 of the file, hexadecimal. */
  sha256: string;
}

export const CHECKPOINT_FORMAT = 'ganport-checkpoint-1';

const CHECKPOINT_NAME = /^step-\d{6,}\.safetensors$/;

export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}.safetensors`;
}

export function checkpointPath(folder: string, name: string): string {
  return join(folder, 'checkpoints', name);
}

/** Reads and validates a run folder's run.json. @throws ModelError */
export async function readRun(folder: string): Promise<Run> {
  const path = join(folder, 'run.json');
  const text = await readText(path, `${folder} is not a run folder`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${path} is not JSON: ${(error as Error).message}`);
  }
  return parseOrThrow(runSchema, json, path);
}

/** The file name of the checkpoint a pointer names. @throws ModelError */
export async function readPointer(folder: string, pointer: Pointer): Promise<string> {
  const path = join(folder, pointer);
  const name = (await readText(path, `${folder} has no "${pointer}" checkpoint yet`)).trim();
  if (!CHECKPOINT_NAME.test(name)) {
    throw new ModelError(`${path}: expected the name of a checkpoint, got "${name.slice(0, 80)}"`);
  }
  return name;
}

const scoresSchema = z.record(z.string(), z.number());

/**
 * Reads a checkpoint and verifies its digest.
 * @throws ModelError if it is missing, damaged, or not one of ganport's.
 */
export async function readCheckpoint(folder: string, pointer: Pointer): Promise<Checkpoint> {
  const path = checkpointPath(folder, await readPointer(folder, pointer));
  const { tensors, metadata, sha256, verified } = await readWeights(path);
  const step = Number(metadata.step);
  if (!verified) throw new ModelError(`${path} is damaged: it has no digest to check it by`);
  if (metadata.format !== CHECKPOINT_FORMAT || !Number.isSafeInteger(step)) {
    const got = metadata.format ?? 'none';
    throw new ModelError(
      `${path} is not a ganport checkpoint: expected format ${CHECKPOINT_FORMAT}, got ${got}`,
    );
  }
  const scores = parseOrThrow(scoresSchema, JSON.parse(metadata.scores ?? '{}'), `${path}: scores`);
  return { step, scores, tensors, sha256 };
}

/** A float32 tensor of a checkpoint. @throws ModelError if it is missing or of another shape. */
export function checkpointTensor(
  { tensors }: Checkpoint,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors[name];
  if (tensor?.dtype !== 'float32' || String(tensor.shape) !== String(shape)) {
    const got = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing';
    throw new ModelError(
      `the checkpoint does not fit the networks: expected ${name} of float32 [${shape}], got ${got}`,
    );
  }
  return tensor.data as Float32Array;
}

async function readText(path: string, otherwise: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ModelError(`${otherwise}: cannot read ${path} (${code})`);
  }
}
