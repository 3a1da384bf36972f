/**
 * The run folder's format: what training leaves and export reads.
 *
 *     run.json                             configuration, seed, data, versions, engine, device, and what
 *                                          of them changed when the run was resumed
 *     metrics.jsonl                        one line per logged step, one for each checkpoint's scores
 *     warnings.json                        what is wrong with training at the moment, a line each, if anything is
 *     samples/step-NNNNNN.png              images of fixed latents
 *     checkpoints/step-NNNNNN.safetensors  the whole training state
 *     latest                               the name of a checkpoint
 *     best                                 the same, and in a second line its scores, as JSON
 *     lock                                 whose the folder is, while a run is trained in it
 */
import * as z from 'zod';
import { ModelError, parseJson, parseOrThrow, quote } from './error.ts';
import { networkSchema } from './network.ts';
import { changeSchema } from './run-history.ts';
import type { RunStore } from './run-store.ts';
import { decodeText } from './text.ts';

/** What can have trained a run. */
export const ENGINES = ['onnxruntime', 'tensorflow'] as const;
export type EngineName = (typeof ENGINES)[number];
/** And on what. */
const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
export type RunDevice = (typeof DEVICES)[number];

const RUN_FORMAT = 1;

/** The name of a run folder's lock. */
export const LOCK = 'lock';

/** What is wrong with the training of a run: a list of lines. */
export const WARNINGS = 'warnings.json';

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
  dataset: z.strictObject({
    name: z.string(),
    count: z.int().positive(),
    sha256: z.string(),
    /** Names of the classes, of a generator that takes a label. */
    classes: z.array(z.string()).optional(),
  }),
  engine: z.enum(ENGINES),
  device: z.enum(DEVICES),
  threads: z.int().min(1).max(MAX_THREADS),
  /** Whether CUDA multiplied with TensorFloat-32. */
  tf32: z.boolean().default(false),
  versions: z.record(z.string(), z.string()),
  /** In the order in which they were made; the rest of the file is as it is after them. */
  history: z.array(changeSchema).optional(),
});

export type Run = z.infer<typeof runSchema>;

/** Which of a run's checkpoints: the one with the best score, or the last. */
export type Pointer = 'best' | 'latest';

/** A checkpoint's name and, in a second line, its scores. */
const POINTER = /^(step-\d{6,}\.safetensors)(?:\r?\n(\{.*\}))?$/;

/** Two networks of a thousand layers each, and the rest, need less than 1 MB. */
const MAX_RUN_BYTES = 2 ** 24;
const MAX_POINTER_BYTES = 4096;

/** Reads and validates a run folder's run.json. @throws ModelError */
export async function readRun(store: RunStore): Promise<Run> {
  const path = store.pathOf('run.json');
  const run = parseJson(await readRunText(store), path);
  expectVersion(path, Number((run as { format?: unknown } | null)?.format), RUN_FORMAT);
  return parseOrThrow(runSchema, run, path);
}

async function readRunText(store: RunStore): Promise<string> {
  try {
    return decodeText(await store.read('run.json', MAX_RUN_BYTES), store.pathOf('run.json'));
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const { code } = (error.cause ?? {}) as { code?: unknown };
    if (code === 'ENOTDIR') {
      const parent = /^(.*)[\\/]/.exec(store.name)?.[1] ?? '.';
      throw new ModelError(`${store.name} is a file: expected its run folder, ${parent}`);
    }
    throw new ModelError(`${store.name} is not a run folder: ${error.message}`);
  }
}

export function expectVersion(path: string, version: number, newest: number): void {
  if (!(version > newest)) return;
  throw new ModelError(
    `${path} was written by a newer ganport: expected format ${newest}, got ${version}; update ganport`,
  );
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
export async function readPointer(store: RunStore, pointer: Pointer): Promise<Pointed> {
  const path = store.pathOf(pointer);
  if (!(await store.has(pointer))) {
    throw new ModelError(`${store.name} names no "${pointer}" checkpoint`);
  }
  const text = new TextDecoder().decode(await store.read(pointer, MAX_POINTER_BYTES)).trim();
  const [, name, scores] = POINTER.exec(text) ?? [];
  if (name === undefined) {
    throw new ModelError(`${path}: expected the name of a checkpoint, got ${quote(text)}`);
  }
  if (scores === undefined) return { name };
  return { name, scores: parseOrThrow(scoresSchema, parseJson(scores, path), path) };
}

/** JSON has null for what is not finite. */
export const scoresSchema = z.record(
  z.string(),
  z.number({
    error: ({ input }) =>
      input === null ? 'expected a finite number; training had diverged' : undefined,
  }),
);
