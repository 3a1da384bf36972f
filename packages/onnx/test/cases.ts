/** Models as people met them in the field: legal, and each unlike what one tool writes. */
import { encodeModel } from '../src/encode.ts';
import type { ModelProto, NodeProto, TensorProto } from '../src/proto.ts';
import { attribute, graph, model, node, tensor, unary, value } from './messages.ts';

const floats = (name: string, ...dims: number[]): TensorProto => {
  const rawData = new Uint8Array(4 * dims.reduce((size, dim) => size * dim, 1)).fill(62);
  return tensor({ name, dims: dims.map(BigInt), dataType: 1, rawData });
};

/** image = Tanh(z) in IR version 7, opset 13. */
const tanh = (batch: bigint | string, fields: Partial<ModelProto> = {}): ModelProto =>
  model({
    irVersion: 7n,
    opsetImport: [{ domain: '', version: 13n }],
    graph: graph({
      name: 'generator',
      node: [unary('Tanh', 'z', 'image')],
      input: [value('z', [batch, 4n])],
      output: [value('image', [batch, 4n])],
    }),
    ...fields,
  });

const gemm = node({ input: ['z', 'W', 'b'], output: ['h'], opType: 'Gemm' });

/** image = Tanh(z·W + b), W being [4, 3] and b [3]. */
const dense = (initializer: TensorProto[], nodes: NodeProto[] = []): ModelProto =>
  tanh('N', {
    graph: graph({
      name: 'generator',
      node: [...nodes, gemm, unary('Tanh', 'h', 'image')],
      initializer,
      input: [value('z', ['N', 4n])],
      output: [value('image', ['N', 3n])],
    }),
  });

const constant = (t: TensorProto): NodeProto =>
  node({
    output: [t.name!],
    opType: 'Constant',
    attribute: [attribute({ name: 'value', type: 4, t })],
  });

const external = (name: string, dims: bigint[], offset: number, length: number): TensorProto => {
  const entries = { location: 'generator.onnx.data', offset: `${offset}`, length: `${length}` };
  const externalData = Object.entries(entries).map(([key, text]) => ({ key, value: text }));
  return tensor({ name, dims, dataType: 1, dataLocation: 1, externalData });
};

/** The bytes of the external case's weights. */
export const EXTERNAL_DATA = new Uint8Array(60);

/** Bytes b0 a1 b0 a1 and b0 a2 b0 a2, GBK's 啊啊 and 阿阿, as the codec keeps what is not UTF-8. */
const GBK = ['\udcb0\udca1\udcb0\udca1', '\udcb0\udca2\udcb0\udca2'] as const;

export const CASES = {
  /** IR version 3 lists initializers as inputs. */
  initializersAsInputs: model({
    irVersion: 3n,
    opsetImport: [{ domain: '', version: 8n }],
    producerName: 'pytorch',
    graph: graph({
      name: 'generator',
      node: [
        node({ input: ['z', 'W'], output: ['h'], opType: 'MatMul' }),
        node({ input: ['h', 'b'], output: ['x'], opType: 'Add' }),
        unary('Tanh', 'x', 'image'),
      ],
      initializer: [floats('W', 4, 2), floats('b', 2)],
      input: [value('z', ['N', 4n]), value('W', [4n, 2n]), value('b', [2n])],
      output: [value('image', ['N', 2n])],
    }),
  }),
  minusOne: tanh(-1n),
  importedTwice: tanh('N', { opsetImport: [{ version: 13n }, { domain: '', version: 13n }] }),
  importedInTwoVersions: tanh('N', { opsetImport: [{ version: 13n }, { version: 9n }] }),
  weightsInConstants: dense([], [constant(floats('W', 4, 3)), constant(floats('b', 3))]),
  externalWeights: dense([external('W', [4n, 3n], 0, 48), external('b', [3n], 48, 12)]),
  namesNotUtf8: tanh('N', {
    graph: graph({
      name: 'generator',
      node: [
        unary('Tanh', 'z', GBK[0]),
        unary('Neg', GBK[0], GBK[1]),
        unary('Abs', GBK[1], 'image'),
      ],
      input: [value('z', ['N', 4n])],
      output: [value('image', ['N', 4n])],
    }),
  }),
} satisfies Record<string, ModelProto>;

export const caseFiles: readonly Uint8Array[] = Object.values(CASES).map(encodeModel);
