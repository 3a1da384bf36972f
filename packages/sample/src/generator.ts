/** The generator: a generator.onnx that is open on a device, latents to pictures. */
import {
  bytesOf,
  checkGeneratorDigest,
  type GeneratorMetadata,
  ModelError,
  readGeneratorMetadata,
} from '@ganport/model';
import { showShape } from '@ganport/onnx';
import { beforeAbort, type Port, type Program, type RunOptions } from '@ganport/runtime';

/** Opens a model on a device that was chosen before. */
export type OpenProgram = (model: Uint8Array) => Promise<Program>;

/**
 * One run: latents z [count, latent] and, of classes, labels [count] → levels uint8 [count, H, W, C], of a
 * model with float32 output rounded as a uint8 model rounds.
 * @throws ModelError if the model gives another number of them; what the program throws if it fails
 */
export type Infer = (
  z: Float32Array,
  count: number,
  options?: RunOptions & { labels?: BigInt64Array },
) => Promise<Uint8Array>;

export interface Generator {
  readonly metadata: GeneratorMetadata;
  /** What runs it, and on what. */
  readonly description: string;
  infer: Infer;
  /** How many runs may be under way at a time; more would wait. One unless it says so. */
  readonly lanes?: number;
  /** Most pictures of a run that is made where it is asked for, as long as nobody waits beside: none unless it says so. */
  readonly inPlace?: number;
  /** What is asked for until it resolves shares a first run: what is asked for in one go, unless it says otherwise. */
  gather?(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a generator. Whoever opens it closes it.
 * @param model the bytes of a generator.onnx
 * @throws OnnxError if they are not an ONNX model
 * @throws ModelError if it is not a generator that ganport exported, was changed since, or is not the one
 * its metadata tell of
 * @throws what `open` throws; the signal's reason, when it is aborted: what is opened later is closed
 */
export async function openGenerator(
  model: Uint8Array,
  open: OpenProgram,
  signal?: AbortSignal,
): Promise<Generator> {
  const metadata = readGeneratorMetadata(model);
  await checkGeneratorDigest(model, metadata);
  return generatorOf(await beforeAbort(open(model), signal, (late) => late.close()), metadata);
}

/**
 * A generator of a program, which it closes.
 * @throws ModelError if the program is not the one that the metadata tell of; it is closed then
 */
export async function generatorOf(
  program: Program,
  metadata: GeneratorMetadata,
): Promise<Generator> {
  try {
    checkPorts(program, metadata);
  } catch (error) {
    await program.close();
    throw error;
  }
  return {
    metadata,
    description: program.description,
    infer: (z, count, options) => infer(program, metadata, { z, count, ...options }),
    close: () => program.close(),
  };
}

async function infer(
  program: Program,
  { latent, image: { height, width, channels } }: GeneratorMetadata,
  { z, count, labels, ...options }: { z: Float32Array; count: number } & Parameters<Infer>[2],
): Promise<Uint8Array> {
  const feeds = {
    z: { dtype: 'float32', shape: [count, latent.size], data: z },
    ...(labels && { label: { dtype: 'int64', shape: [count], data: labels } as const }),
  } as const;
  const { image } = await program.run(feeds, options);
  const data = image!.data as Uint8Array | Float32Array;
  const expected = count * height * width * channels;
  if (data.length !== expected) {
    throw new ModelError(
      `a run of ${count} pictures gave ${data.length} levels, expected ${expected}`,
    );
  }
  return data instanceof Uint8Array ? data : bytesOf(data, [channels, height, width]);
}

/** Checks names, types and shapes of the graph against its metadata. */
function checkPorts(
  { inputs, outputs }: Program,
  { latent, image, classes }: GeneratorMetadata,
): void {
  const { height, width, channels, output } = image;
  const layout = output === 'uint8' ? [height, width, channels] : [channels, height, width];
  const got = { inputs: describe(inputs), outputs: describe(outputs) };
  const expected = {
    inputs: `z float32 [N, ${latent.size}]${classes ? ' and label int64 [N]' : ''}`,
    outputs: `image ${output} [N, ${layout.join(', ')}]`,
  };
  for (const side of ['inputs', 'outputs'] as const) {
    if (got[side] !== expected[side]) {
      throw new ModelError(
        `the generator's ${side} are ${got[side]}; its metadata says ${expected[side]}`,
      );
    }
  }
}

function describe(ports: readonly Port[]): string {
  return ports
    .map(({ name, dtype, shape: [batch, ...rest] }) => {
      // Any symbol will do for the batch.
      const shape = [typeof batch === 'string' ? 'N' : batch!, ...rest];
      return `${name} ${dtype} ${showShape(shape)}`;
    })
    .join(' and ');
}
