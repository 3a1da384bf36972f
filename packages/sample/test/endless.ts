/** Models whose files hold a loop of 2^40 trips. */
import { decodeModel, EMPTY_ATTRIBUTE, encodeModel, type NodeProto } from '@ganport/onnx';
import { buildGenerator } from './fixture.ts';

const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;
const GRAPH = 5;

/** What a trip does: a sine, or nothing, which onnxruntime cannot be told to leave off. */
type Body = 'sine' | 'nothing';

/** A generator of 28 × 28 pictures. */
export function buildEndless(body: Body): Uint8Array {
  return withLoop(buildGenerator({ latent: 4 }).model, body);
}

/** @param file a model whose first node gives float32 [N, P] to its second */
export function withLoop(file: Uint8Array, body: Body): Uint8Array {
  const model = decodeModel(file);
  const graph = model.graph!;
  const [first, second, ...rest] = graph.node as [NodeProto, NodeProto, ...NodeProto[]];
  const sine = node('Sin', ['state'], ['next']);
  const trip = {
    ...empty,
    name: 'trip',
    node: body === 'sine' ? [sine] : [],
    input: [value('i', INT64), value('on', BOOL), value('state', FLOAT, ['N', 'P'])],
    output: [value('on', BOOL), value(body === 'sine' ? 'next' : 'state', FLOAT, ['N', 'P'])],
  };
  const loop = node(
    'Loop',
    ['trips', 'yes', first.output[0]!],
    ['looped'],
    [{ ...EMPTY_ATTRIBUTE, name: 'body', type: GRAPH, g: trip }],
  );
  graph.node = [first, loop, { ...second, input: ['looped'] }, ...rest];
  graph.initializer = [
    ...graph.initializer,
    scalar('trips', INT64, new Uint8Array(BigInt64Array.of(2n ** 40n).buffer)),
    scalar('yes', BOOL, Uint8Array.of(1)),
  ];
  return encodeModel(model);
}

const empty = {
  node: [],
  initializer: [],
  input: [],
  output: [],
  valueInfo: [],
  quantizationAnnotation: [],
  sparseInitializer: [],
  metadataProps: [],
};

function node(
  opType: string,
  input: string[],
  output: string[],
  attribute: NodeProto['attribute'] = [],
): NodeProto {
  return { opType, input, output, attribute, metadataProps: [], deviceConfigurations: [] };
}

function value(name: string, elemType: number, dims: string[] = []) {
  const shape = { dim: dims.map((dimParam) => ({ dimParam })) };
  return { name, type: { tensorType: { elemType, shape } }, metadataProps: [] };
}

function scalar(name: string, dataType: number, rawData: Uint8Array) {
  return {
    name,
    dataType,
    dims: [],
    rawData,
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
