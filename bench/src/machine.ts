import { availableParallelism, cpus, totalmem } from 'node:os';
import { encodeModel, type ModelProto, type ValueInfoProto } from '@ganport/onnx';
import * as ort from 'onnxruntime-node';

/** What the numbers were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly onnxruntime: string;
  /** The best rate of a float32 matrix product in onnxruntime: what a training step could reach. */
  readonly matmul: readonly { readonly threads: number; readonly gflops: number }[];
}

export async function describeMachine(threads: readonly number[]): Promise<Machine> {
  const matmul = [];
  for (const count of threads) matmul.push({ threads: count, gflops: await matmulRate(count) });
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    onnxruntime: ort.env.versions.node ?? ort.env.versions.common,
    matmul,
  };
}

/** Rows and columns of the matrices: large enough that the product is not bound by memory. */
const SIZE = 2048;
const RUNS = 6;

/** The best of several products A·B of [SIZE, SIZE] matrices, in GFLOP/s. */
async function matmulRate(threads: number): Promise<number> {
  const session = await ort.InferenceSession.create(encodeModel(matmulModel()), {
    intraOpNumThreads: threads,
  });
  try {
    const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % 13) / 13);
    const feeds = {
      a: new ort.Tensor('float32', values, [SIZE, SIZE]),
      b: new ort.Tensor('float32', values, [SIZE, SIZE]),
    };
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run += 1) {
      const start = performance.now();
      await session.run(feeds);
      best = Math.min(best, (performance.now() - start) / 1000);
    }
    return (2 * SIZE ** 3) / best / 1e9;
  } finally {
    await session.release();
  }
}

function matmulModel(): ModelProto {
  const none = { attribute: [], metadataProps: [], deviceConfigurations: [] };
  const value = (name: string): ValueInfoProto => {
    const dim = [{ dimValue: BigInt(SIZE) }, { dimValue: BigInt(SIZE) }];
    return { name, type: { tensorType: { elemType: 1, shape: { dim } } }, metadataProps: [] };
  };
  return {
    irVersion: 8n,
    opsetImport: [{ version: 17n }],
    metadataProps: [],
    trainingInfo: [],
    functions: [],
    configuration: [],
    graph: {
      name: 'matmul',
      node: [{ opType: 'MatMul', input: ['a', 'b'], output: ['c'], ...none }],
      initializer: [],
      input: [value('a'), value('b')],
      output: [value('c')],
      valueInfo: [],
      quantizationAnnotation: [],
      sparseInitializer: [],
      metadataProps: [],
    },
  };
}
