/** A training step's graph as the body of an ONNX Scan, which runs it several times in one run. */
import {
  AttributeType,
  decodeModel,
  EMPTY_ATTRIBUTE,
  encodeModel,
  type GraphProto,
  type ValueInfoProto,
} from '@ganport/onnx';
import { NEXT } from '@ganport/train';

/**
 * From a graph of one step to one of `steps`: what comes out as NAME_next goes in as NAME again; every
 * other input and output gains a first axis [steps].
 */
export function scanSteps(model: Uint8Array, steps: number): Uint8Array {
  const { graph, ...rest } = decodeModel(model);
  const body = graph!;
  const results = new Map(body.output.map((value) => [value.name!, value]));
  const [state, given] = partition(body.input, ({ name }) => results.has(name + NEXT));
  const next = state.map(({ name }) => results.get(name + NEXT)!);
  const others = body.output.filter((value) => !next.includes(value));
  // A body's names must not hide the outer graph's.
  const inner = (name: string) => (name === '' ? name : `body/${name}`);
  const renamed = (value: ValueInfoProto) => ({ ...value, name: inner(value.name!) });
  const scanned: GraphProto = {
    ...body,
    input: [...state, ...given].map(renamed),
    output: [...next, ...others].map(renamed),
    initializer: body.initializer.map((tensor) => ({ ...tensor, name: inner(tensor.name!) })),
    node: body.node.map((node) => ({
      ...node,
      input: node.input.map(inner),
      output: node.output.map(inner),
    })),
  };
  const stacked = (value: ValueInfoProto): ValueInfoProto => {
    const { elemType, shape } = value.type!.tensorType!;
    const dim = [{ dimValue: BigInt(steps) }, ...shape!.dim];
    return { ...value, type: { tensorType: { elemType: elemType!, shape: { dim } } } };
  };
  const names = (values: readonly ValueInfoProto[]) => values.map(({ name }) => name!);
  const scan = {
    opType: 'Scan',
    name: 'scan',
    input: names([...state, ...given]),
    output: names([...next, ...others]),
    attribute: [
      { ...EMPTY_ATTRIBUTE, name: 'body', type: AttributeType.GRAPH, g: scanned },
      {
        ...EMPTY_ATTRIBUTE,
        name: 'num_scan_inputs',
        type: AttributeType.INT,
        i: BigInt(given.length),
      },
    ],
    metadataProps: [],
  };
  return encodeModel({
    ...rest,
    graph: {
      ...body,
      node: [scan],
      initializer: [],
      input: [...state, ...given.map(stacked)],
      output: [...next, ...others.map(stacked)],
    },
  });
}

function partition<T>(values: readonly T[], test: (value: T) => boolean): [T[], T[]] {
  return [values.filter(test), values.filter((value) => !test(value))];
}
