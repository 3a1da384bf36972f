/** What is in a model, in numbers and short texts: also of one that a check would refuse. */

import { normalDomain } from './domains.ts';
import { ELEMENT_TYPES, EXTERNAL, elementCount, rawBytes } from './element-types.ts';
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  TypeProto,
  ValueInfoProto,
} from './proto.ts';
import { printable } from './text.ts';

export interface ModelDescription {
  ir: number;
  /** Of each domain the highest version that is imported: that binds. */
  opsets: Record<string, number>;
  producer: string;
  /** `z float32 [N, 64]`; without those that are initializers, as IR version 3 lists them. */
  inputs: string[];
  /** Inputs that may be left out: initializers are their defaults (IR version 4 and later). */
  defaults: string[];
  outputs: string[];
  /**
   * Numbers in initializers, sparse ones and Constant nodes, in subgraphs and functions too; less what only
   * steers operators: scalars and int64, as shapes are.
   */
  parameters: number;
  /** Tensors that other files hold. */
  external: ExternalTensor[];
  /** Nodes by operator, in subgraphs and functions too; of other domains `com.example:Op`. */
  operators: Record<string, number>;
}

export interface ExternalTensor {
  name: string;
  /** The file, from the model's folder; as the model says, which may be anything. */
  location: string;
  /** Where the data are in it, in bytes; undefined is not said, NaN is no number. */
  offset?: number | undefined;
  length?: number | undefined;
  /** Bytes that the tensor's type and shape need, where they say so. */
  needs?: number | undefined;
  parameters: number;
}

export function describeModel(model: ModelProto): ModelDescription {
  const { graph, irVersion = 0n } = model;
  const { nodes, tensors, lists } = walk(model);
  const initializers = new Set(graph?.initializer.map(({ name }) => name));
  for (const { values } of graph?.sparseInitializer ?? []) initializers.add(values?.name);
  // Without a name, nothing is another's default.
  initializers.delete(undefined);
  const inputs = graph?.input ?? [];
  const defaults = irVersion < 4n ? [] : inputs.filter(({ name }) => initializers.has(name));
  return {
    ir: Number(irVersion),
    opsets: describeOpsets(model),
    producer: printable([model.producerName, model.producerVersion].filter(Boolean).join(' ')),
    inputs: inputs.filter(({ name }) => !initializers.has(name)).map(describeValue),
    defaults: defaults.map(describeValue),
    outputs: (graph?.output ?? []).map(describeValue),
    parameters: tensors.reduce((sum, tensor) => sum + countWeights(tensor), lists),
    external: tensors.filter(({ dataLocation }) => dataLocation === EXTERNAL).map(describeExternal),
    operators: countOperators(nodes),
  };
}

function describeOpsets({ opsetImport, irVersion = 0n }: ModelProto): Record<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of opsetImport) {
    const name = printable(normalDomain(domain) || 'ai.onnx');
    opsets.set(name, Math.max(opsets.get(name) ?? 0, Number(version ?? 0)));
  }
  // Before IR version 3, there was no other.
  if (opsets.size === 0 && irVersion > 0n && irVersion < 3n) opsets.set('ai.onnx', 1);
  return Object.fromEntries(opsets);
}

function countOperators(nodes: readonly NodeProto[]): Record<string, number> {
  const operators = new Map<string, number>();
  for (const { opType = '?', domain } of nodes) {
    const own = normalDomain(domain) === '';
    const name = printable(own ? opType : `${domain}:${opType}`);
    operators.set(name, (operators.get(name) ?? 0) + 1);
  }
  return Object.fromEntries(operators);
}

interface Parts {
  nodes: NodeProto[];
  /** Of initializers and Constant nodes; of sparse ones the values that are there. */
  tensors: TensorProto[];
  /** Numbers in lists of floats, of Constant nodes. */
  lists: number;
}

/** Everything of the graph, of subgraphs and of functions. */
function walk({ graph, functions }: ModelProto): Parts {
  const parts: Parts = { nodes: [], tensors: [], lists: 0 };
  const visitGraph = ({ node, initializer, sparseInitializer }: GraphProto): void => {
    for (const tensor of initializer) parts.tensors.push(tensor);
    for (const { values } of sparseInitializer) if (values) parts.tensors.push(values);
    node.forEach(visitNode);
  };
  const visitNode = (node: NodeProto): void => {
    parts.nodes.push(node);
    const constant = node.opType === 'Constant' && normalDomain(node.domain) === '';
    for (const attribute of node.attribute) {
      if (constant) visitConstant(attribute);
      if (attribute.g) visitGraph(attribute.g);
      attribute.graphs.forEach(visitGraph);
    }
  };
  const visitConstant = ({ t, sparseTensor, floats }: AttributeProto): void => {
    if (t) parts.tensors.push(t);
    if (sparseTensor?.values) parts.tensors.push(sparseTensor.values);
    parts.lists += floats.length;
  };
  if (graph) visitGraph(graph);
  for (const { node } of functions) node.forEach(visitNode);
  return parts;
}

function countWeights({ dims, dataType }: TensorProto): number {
  if (dims.length === 0 || ELEMENT_TYPES.get(dataType)?.name === 'int64') return 0;
  return Number(safeCount(dims) ?? 0);
}

function safeCount(dims: readonly bigint[]): bigint | undefined {
  try {
    return elementCount(dims);
  } catch {
    return undefined;
  }
}

function describeExternal(tensor: TensorProto): ExternalTensor {
  const entry = (name: string) => tensor.externalData.findLast(({ key }) => key === name)?.value;
  const type = ELEMENT_TYPES.get(tensor.dataType);
  const count = safeCount(tensor.dims);
  const needs = type && count !== undefined ? rawBytes(count, type) : undefined;
  return {
    name: printable(tensor.name ?? ''),
    location: entry('location') ?? '',
    offset: wholeNumber(entry('offset')),
    length: wholeNumber(entry('length')),
    needs: needs === undefined ? undefined : Number(needs),
    parameters: countWeights(tensor),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function describeValue({ name = '', type }: ValueInfoProto): string {
  return printable(`${name} ${describeType(type)}`);
}

function describeType(type: TypeProto | undefined): string {
  const { tensorType, sparseTensorType, sequenceType, optionalType, mapType, opaqueType } =
    type ?? {};
  const tensor = tensorType ?? sparseTensorType;
  if (tensor) {
    const dims = tensor.shape?.dim.map(({ dimValue = -1n, dimParam }) =>
      dimParam ? dimParam : dimValue < 0n ? '?' : String(dimValue),
    );
    const shape = `[${dims?.join(', ') ?? '…'}]`;
    return `${sparseTensorType ? 'sparse ' : ''}${nameType(tensor.elemType)} ${shape}`;
  }
  if (sequenceType) return `sequence of ${describeType(sequenceType.elemType)}`;
  if (optionalType) return `optional ${describeType(optionalType.elemType)}`;
  if (mapType) return `map of ${nameType(mapType.keyType)} to ${describeType(mapType.valueType)}`;
  return opaqueType ? `opaque ${opaqueType.name ?? ''}` : 'of no type';
}

function nameType(id: number | undefined): string {
  return ELEMENT_TYPES.get(id)?.name ?? `type ${id ?? 'unset'}`;
}
