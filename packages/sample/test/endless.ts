/** Models whose files hold a loop of 2^40 trips. */
import { decodeModel, encodeModel, type NodeProto, type ValueInfoProto } from '@ganport/onnx';
import {
  attribute,
  graph as graphOf,
  node,
  tensor,
  unary,
  value,
} from '../../onnx/test/messages.ts';
import { buildGenerator } from './fixture.ts';

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
  const trip = graphOf({
    name: 'trip',
    node: body === 'sine' ? [unary('Sin', 'state', 'next')] : [],
    input: [typed('i', INT64), typed('on', BOOL), value('state', ['N', 'P'])],
    output: [typed('on', BOOL), value(body === 'sine' ? 'next' : 'state', ['N', 'P'])],
  });
  const loop = node({
    opType: 'Loop',
    input: ['trips', 'yes', first.output[0]!],
    output: ['looped'],
    attribute: [attribute({ name: 'body', type: GRAPH, g: trip })],
  });
  graph.node = [first, loop, { ...second, input: ['looped'] }, ...rest];
  graph.initializer = [
    ...graph.initializer,
    tensor({ name: 'trips', dataType: INT64, int64Data: [2n ** 40n] }),
    tensor({ name: 'yes', dataType: BOOL, rawData: Uint8Array.of(1) }),
  ];
  return encodeModel(model);
}

/** Of another element type than float32. */
function typed(name: string, elemType: number): ValueInfoProto {
  return { ...value(name, []), type: { tensorType: { elemType, shape: { dim: [] } } } };
}
