/**
 * A small real generator: z → Gemm → Tanh → levels. Its weights are plane waves, so pictures are
 * smooth, not symmetric, and a transposed axis shows. `expected` is the same in plain arithmetic.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GeneratorMetadata, latents, METADATA_KEY } from '@ganport/model';
import {
  type AttributeProto,
  encodeModel,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '@ganport/onnx';
import sharp from 'sharp';
import type { BatchingStats } from '../src/index.ts';

export interface FixtureOptions {
  latent?: number;
  height?: number;
  width?: number;
  channels?: 1 | 3;
  output?: 'uint8' | 'float32';
  /** Changes the metadata after they have been made right. */
  alter?: (metadata: GeneratorMetadata) => unknown;
}

export interface Fixture {
  model: Uint8Array;
  /** Picture `index` of a seed as uint8 [H, W, C], computed without any runtime. */
  expected(seed: number, index: number, truncation?: number): Uint8Array;
}

const nothing = { bounds: [], counts: [0], sum: 0 };

/** Of a sampler that has drawn nothing. */
export const NO_RUNS: BatchingStats = {
  ...{ runs: 0, cancelled: 0, pictures: 0, milliseconds: 0 },
  ...{ batches: nothing, waits: nothing },
};

const FLOAT = 1;
const UINT8 = 2;
const INT64 = 7;

export function buildGenerator({
  latent = 100,
  height = 28,
  width = 28,
  channels = 1,
  output = 'uint8',
  alter = (metadata) => metadata,
}: FixtureOptions = {}): Fixture {
  const weights = planeWaves({ latent, height, width, channels });
  const expected = (seed: number, index: number, truncation?: number): Uint8Array => {
    const z = latents(seed, index, latent, { truncation });
    const levels = new Uint8Array(height * width * channels);
    for (let i = 0; i < levels.length; i += 1) {
      // Weights are laid out [C, H, W], levels [H, W, C].
      const row = (i % channels) * height * width + Math.floor(i / channels);
      const sum = z.reduce((total, value, j) => total + value * weights[row * latent + j]!, 0);
      levels[i] = Math.tanh(sum) * 127.5 + 128;
    }
    return levels;
  };
  const metadata: GeneratorMetadata = {
    format: 1,
    name: 'fixture',
    latent: { size: latent, distribution: 'normal' },
    image: { width, height, channels, output },
    provenance: {
      dataset: { name: 'none', sha256: '0'.repeat(64) },
      weights: '0'.repeat(64),
      seed: 0,
      steps: 0,
      config: {},
      versions: { ganport: '0.1.0' },
    },
    scores: {},
    golden: {
      seed: 7,
      count: 3,
      images: Buffer.concat([0, 1, 2].map((i) => expected(7, i))).toString('base64'),
    },
  };
  const shape = { latent, height, width, channels };
  return { model: encodeModel(graph(shape, output, weights, alter(metadata))), expected };
}

interface Shape {
  latent: number;
  height: number;
  width: number;
  channels: number;
}

/** [C · H · W, latent]: column j is a wave whose direction and phase depend on j. */
function planeWaves({ latent, height, width, channels }: Shape): Float32Array {
  const weights = new Float32Array(channels * height * width * latent);
  for (let i = 0; i < weights.length; i += 1) {
    const j = i % latent;
    const pixel = Math.floor(i / latent);
    const x = (pixel % width) / width;
    const y = (Math.floor(pixel / width) % height) / height;
    const channel = Math.floor(pixel / (width * height));
    const phase = 2.4 * j + channel;
    weights[i] = (0.25 * Math.cos((1 + (j % 5)) * 3 * x + (j % 7) * 2 * y + phase)) / (1 + (j % 3));
  }
  return weights;
}

function graph(
  { latent, height, width, channels }: Shape,
  output: 'uint8' | 'float32',
  weights: Float32Array,
  metadata: unknown,
): ModelProto {
  const toLevels = [
    node('Mul', ['float', 'scale'], 'scaled'),
    node('Add', ['scaled', 'middle'], 'shifted'),
    node('Clip', ['shifted', 'black', 'white'], 'clipped'),
    node('Transpose', ['clipped'], 'laid', { name: 'perm', type: 7, ints: [0n, 2n, 3n, 1n] }),
    node('Cast', ['laid'], 'image', { name: 'to', type: 2, i: BigInt(UINT8) }),
  ];
  const last = output === 'uint8' ? 'float' : 'image';
  const layout = output === 'uint8' ? [height, width, channels] : [channels, height, width];
  return {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    metadataProps: [{ key: METADATA_KEY, value: JSON.stringify(metadata) }],
    trainingInfo: [],
    functions: [],
    configuration: [],
    graph: {
      name: 'generator',
      node: [
        node('Gemm', ['z', 'weights'], 'logits', { name: 'transB', type: 2, i: 1n }),
        node('Tanh', ['logits'], 'flat'),
        node('Reshape', ['flat', 'shape'], last),
        ...(output === 'uint8' ? toLevels : []),
      ],
      initializer: [
        floats('weights', [channels * height * width, latent], weights),
        integers('shape', [-1, channels, height, width]),
        floats('scale', [], [127.5]),
        floats('middle', [], [128]),
        floats('black', [], [0]),
        floats('white', [], [255]),
      ],
      input: [value('z', FLOAT, [latent])],
      output: [value('image', output === 'uint8' ? UINT8 : FLOAT, layout)],
      valueInfo: [],
      quantizationAnnotation: [],
      sparseInitializer: [],
      metadataProps: [],
    },
  };
}

function node(
  opType: string,
  input: string[],
  output: string,
  attribute?: Partial<AttributeProto>,
): NodeProto {
  const lists = { floats: [], ints: [], strings: [], tensors: [], graphs: [], typeProtos: [] };
  const attributes = attribute ? [{ ...lists, sparseTensors: [], ...attribute }] : [];
  return {
    opType,
    input,
    output: [output],
    attribute: attributes,
    metadataProps: [],
    deviceConfigurations: [],
  };
}

function floats(name: string, dims: number[], values: ArrayLike<number>): TensorProto {
  return tensor(name, FLOAT, dims, new Float32Array(values).buffer);
}

function integers(name: string, values: number[]): TensorProto {
  return tensor(name, INT64, [values.length], new BigInt64Array(values.map(BigInt)).buffer);
}

function tensor(name: string, dataType: number, dims: number[], raw: ArrayBuffer): TensorProto {
  return {
    name,
    dataType,
    dims: dims.map(BigInt),
    rawData: new Uint8Array(raw),
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    externalData: [],
    metadataProps: [],
  };
}

function value(name: string, elemType: number, dims: number[]): ValueInfoProto {
  const dim = [{ dimParam: 'N' }, ...dims.map((size) => ({ dimValue: BigInt(size) }))];
  return { name, type: { tensorType: { elemType, shape: { dim } } }, metadataProps: [] };
}

/** A temporary file; `remove` ends it. */
export async function writeTemporary(
  contents: Uint8Array | string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ganport-sample-'));
  const path = join(folder, 'generator.onnx');
  await writeFile(path, contents);
  return { path, remove: () => rm(folder, { recursive: true }) };
}

/** A PNG's or WebP's levels, [H, W, C], with as many channels as the file has. */
export async function decodePicture(encoded: Uint8Array) {
  const { width, height, channels } = await sharp(encoded).metadata();
  const picture = sharp(encoded);
  // sharp decodes grey to three channels unless told otherwise.
  if (channels === 1) picture.toColourspace('b-w');
  return { data: new Uint8Array(await picture.raw().toBuffer()), width, height, channels };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a).reduce((most, level, i) => Math.max(most, Math.abs(level - b[i]!)), 0);
}
