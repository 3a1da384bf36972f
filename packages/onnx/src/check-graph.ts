/** The structural rules for graphs, nodes and attributes: names, scopes and order. */
import { checkSparseTensor, checkTensor, checkType } from './check-value.ts';
import { OnnxError } from './error.ts';
import {
  type AttributeProto,
  AttributeType,
  type GraphProto,
  type NodeProto,
  type ValueInfoProto,
} from './proto.ts';

/** What holds throughout one main graph or one function body, its subgraphs included. */
export interface Context {
  readonly irVersion: bigint;
  /** Imported domains; the default one is ''. */
  readonly domains: ReadonlySet<string>;
  /** Attribute parameters that nodes may refer to; undefined outside of functions. */
  readonly parameters?: ReadonlySet<string>;
}

/** IR version 4 made initializers that are not inputs legal. */
const FREE_INITIALIZERS = 4n;

/** Value names, each defined once, and those of the graphs around. */
export class Scope {
  readonly #names = new Set<string>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  has(name: string): boolean {
    return this.#names.has(name) || (this.#outer?.has(name) ?? false);
  }

  hasOwn(name: string): boolean {
    return this.#names.has(name);
  }

  define(name: string, where: string): void {
    if (this.has(name)) throw new OnnxError(`${where} defines "${name}", which is already defined`);
    this.#names.add(name);
  }
}

/** @param outer the scope around a subgraph; without it, this is a main graph. */
export function checkGraph(
  graph: GraphProto,
  context: Context,
  place: string,
  outer?: Scope,
): void {
  if (!graph.name) throw new OnnxError(`${place} has no name`);
  const where = `${place} "${graph.name}"`;
  const scope = new Scope(outer);
  for (const input of graph.input) {
    checkValueInfo(input, `${where}, input`, !outer);
    scope.define(input.name ?? '', `${where}, its inputs,`);
  }
  checkInitializers(graph, context, scope, where);
  checkNodes(graph.node, context, scope, where);
  for (const output of graph.output) {
    checkValueInfo(output, `${where}, output`, !outer);
    // Runtimes refuse a subgraph that returns a value of the graph around it.
    if (!scope.hasOwn(output.name ?? '')) {
      throw new OnnxError(`${where}, output "${output.name}" is not defined in the graph`);
    }
  }
  for (const { name, type } of graph.valueInfo) {
    if (!name) throw new OnnxError(`${where} has a value info without a name`);
    if (type) checkType(type, `${where}, value info "${name}"`);
  }
}

function checkValueInfo({ name, type }: ValueInfoProto, place: string, main: boolean): void {
  if (!name) throw new OnnxError(`${place} has no name`);
  if (type) checkType(type, `${place} "${name}"`, main);
  else if (main) throw new OnnxError(`${place} "${name}" has no type`);
}

function checkInitializers(
  graph: GraphProto,
  { irVersion }: Context,
  scope: Scope,
  where: string,
): void {
  const inputs = new Set(graph.input.map(({ name }) => name));
  const seen = new Set<string>();
  const define = (name: string | undefined): void => {
    if (!name) throw new OnnxError(`${where} has an initializer without a name`);
    if (seen.has(name)) throw new OnnxError(`${where} has two initializers "${name}"`);
    seen.add(name);
    if (!inputs.has(name)) {
      if (irVersion < FREE_INITIALIZERS) {
        throw new OnnxError(
          `${where}, initializer "${name}" is not an input, as IR version ${irVersion} demands`,
        );
      }
      scope.define(name, `${where}, its initializers,`);
    }
  };
  for (const tensor of graph.initializer) {
    define(tensor.name);
    checkTensor(tensor, `${where}, initializer "${tensor.name}"`);
  }
  for (const sparse of graph.sparseInitializer) {
    define(sparse.values?.name);
    checkSparseTensor(sparse, `${where}, sparse initializer "${sparse.values?.name}"`);
  }
}

/** Nodes in topological order: each input is defined by what comes before. */
export function checkNodes(
  nodes: readonly NodeProto[],
  context: Context,
  scope: Scope,
  place: string,
): void {
  nodes.forEach((node, index) => {
    const where = `${place}, node ${node.name ? `"${node.name}"` : index} (${node.opType ?? ''})`;
    const domain = normalDomain(node.domain);
    if (!node.opType) throw new OnnxError(`${where} has no op type`);
    if (!context.domains.has(domain)) {
      throw new OnnxError(`${where} is of domain "${domain}", which is not imported`);
    }
    if (node.output.length === 0) throw new OnnxError(`${where} has no output`);
    // An empty string stands for an optional input or output that is left out.
    for (const name of node.input) {
      if (name !== '' && !scope.has(name)) {
        throw new OnnxError(`${where} uses "${name}" before it is defined`);
      }
    }
    checkAttributes(node.attribute, context, scope, where);
    for (const name of node.output) if (name !== '') scope.define(name, where);
  });
}

/** The default domain has two names. */
export function normalDomain(domain: string | undefined): string {
  return domain === undefined || domain === 'ai.onnx' ? '' : domain;
}

/** The field that holds the value of an attribute, by its type. */
const VALUE_FIELDS = {
  [AttributeType.FLOAT]: 'f',
  [AttributeType.INT]: 'i',
  [AttributeType.STRING]: 's',
  [AttributeType.TENSOR]: 't',
  [AttributeType.GRAPH]: 'g',
  [AttributeType.FLOATS]: 'floats',
  [AttributeType.INTS]: 'ints',
  [AttributeType.STRINGS]: 'strings',
  [AttributeType.TENSORS]: 'tensors',
  [AttributeType.GRAPHS]: 'graphs',
  [AttributeType.SPARSE_TENSOR]: 'sparseTensor',
  [AttributeType.SPARSE_TENSORS]: 'sparseTensors',
  [AttributeType.TYPE_PROTO]: 'tp',
  [AttributeType.TYPE_PROTOS]: 'typeProtos',
} as const satisfies Record<number, keyof AttributeProto>;

export function checkAttributes(
  attributes: readonly AttributeProto[],
  context: Context,
  scope: Scope,
  place: string,
): void {
  const names = new Set<string>();
  for (const attribute of attributes) {
    const { name } = attribute;
    if (!name) throw new OnnxError(`${place} has an attribute without a name`);
    if (names.has(name)) throw new OnnxError(`${place} has two attributes "${name}"`);
    names.add(name);
    const where = `${place}, attribute "${name}"`;
    checkFields(attribute, context, where);
    const { t, g, sparseTensor, tp } = attribute;
    for (const tensor of t ? [t] : attribute.tensors) checkTensor(tensor, where);
    for (const graph of g ? [g] : attribute.graphs) {
      checkGraph(graph, context, `${where}, graph`, scope);
    }
    for (const sparse of sparseTensor ? [sparseTensor] : attribute.sparseTensors) {
      checkSparseTensor(sparse, where);
    }
    for (const type of tp ? [tp] : attribute.typeProtos) checkType(type, where);
  }
}

/** An attribute has a value in the field of its type alone, or refers to a function's parameter. */
function checkFields(attribute: AttributeProto, { parameters }: Context, where: string): void {
  const { type, refAttrName } = attribute;
  if (type === undefined || !(type in VALUE_FIELDS)) {
    throw new OnnxError(`${where} has type ${type ?? 'unset'}, expected 1 to 14`);
  }
  const expected = VALUE_FIELDS[type as keyof typeof VALUE_FIELDS];
  const used = Object.values(VALUE_FIELDS).filter((field) => {
    const value = attribute[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (refAttrName) {
    if (!parameters) throw new OnnxError(`${where} refers to "${refAttrName}" outside a function`);
    if (!parameters.has(refAttrName)) {
      throw new OnnxError(`${where} refers to "${refAttrName}", not a parameter of the function`);
    }
    if (used.length > 0) throw new OnnxError(`${where} has both a reference and a value`);
    return;
  }
  const stray = used.find((field) => field !== expected);
  if (stray) throw new OnnxError(`${where} has its value in ${stray}, expected ${expected}`);
  // An empty list is a value; a lone one has to be there.
  if (used.length === 0 && !Array.isArray(attribute[expected])) {
    throw new OnnxError(`${where} has no value, expected one in ${expected}`);
  }
}
