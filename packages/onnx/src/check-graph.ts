/** The structural rules for graphs and nodes: names, scopes and order. */
import { checkAttributes } from './check-attribute.ts';
import { checkSparseTensor, checkTensor, checkType, type Note, noteType } from './check-value.ts';
import { normalDomain } from './domains.ts';
import { OnnxError } from './error.ts';
import type { GraphProto, NodeProto, ValueInfoProto } from './proto.ts';

/** What holds throughout one main graph or one function body, its subgraphs included. */
export interface Context {
  readonly irVersion: bigint;
  /** Versions of the imported domains; the default one is ''. */
  readonly domains: ReadonlyMap<string, bigint>;
  /** Attribute parameters that nodes may refer to; undefined outside of functions. */
  readonly parameters?: ReadonlySet<string>;
  readonly note: Note;
}

/** IR version 4 made initializers that are not inputs legal. */
const FREE_INITIALIZERS = 4n;

/** Domains of ONNX's own operators, whose versions begin at 1. */
const OWN_DOMAINS = [
  '',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview',
  'ai.onnx.preview.training',
];

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

  /** Defines a name that may stand for another value in the graphs around. */
  shadow(name: string, note: Note, where: string): void {
    if (this.hasOwn(name)) throw alreadyDefined(name, where);
    if (this.has(name))
      note(`${where} defines "${name}" anew: in this graph, it hides an outer value`);
    this.#names.add(name);
  }

  define(name: string, where: string): void {
    if (this.has(name)) throw alreadyDefined(name, where);
    this.#names.add(name);
  }
}

function alreadyDefined(name: string, where: string): OnnxError {
  return new OnnxError(`${where} defines "${name}", which is already defined`);
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
    checkValueInfo(input, context.note, `${where}, input`, !outer);
    scope.shadow(input.name ?? '', context.note, `${where}, its inputs,`);
  }
  checkInitializers(graph, context, scope, where);
  checkNodes(graph.node, context, scope, where);
  for (const output of graph.output) {
    checkValueInfo(output, context.note, `${where}, output`, !outer);
    // Runtimes refuse a subgraph that returns a value of the graph around it.
    if (!scope.hasOwn(output.name ?? '')) {
      throw new OnnxError(`${where}, output "${output.name}" is not defined in the graph`);
    }
  }
  noteValueInfo(graph.valueInfo, context.note, where);
}

function checkValueInfo(
  { name, type }: ValueInfoProto,
  note: Note,
  place: string,
  main: boolean,
): void {
  if (!name) throw new OnnxError(`${place} has no name`);
  // Runtimes infer the types of a subgraph's values.
  if (!main) return;
  if (!type) throw new OnnxError(`${place} "${name}" has no type`);
  checkType(type, note, `${place} "${name}"`);
}

/** Types of values inside a graph are hints: runtimes infer their own. */
export function noteValueInfo(values: readonly ValueInfoProto[], note: Note, where: string): void {
  for (const { name, type } of values) {
    if (!name) note(`${where} has a value info without a name`);
    else if (type) noteType(type, note, `${where}, value info "${name}"`);
  }
}

function checkInitializers(
  graph: GraphProto,
  { irVersion, note }: Context,
  scope: Scope,
  where: string,
): void {
  const inputs = new Set(graph.input.map(({ name }) => name));
  const seen = new Set<string>();
  const define = (name: string | undefined): void => {
    if (!name) throw new OnnxError(`${where} has an initializer without a name`);
    if (seen.has(name)) throw new OnnxError(`${where} has two initializers "${name}"`);
    seen.add(name);
    if (!inputs.has(name)) scope.shadow(name, note, `${where}, its initializers,`);
  };
  for (const tensor of graph.initializer) {
    define(tensor.name);
    if (irVersion < FREE_INITIALIZERS && !inputs.has(tensor.name)) {
      throw new OnnxError(
        `${where}, initializer "${tensor.name}" is not an input, as IR version ${irVersion} demands`,
      );
    }
    checkTensor(tensor, note, `${where}, initializer "${tensor.name}"`);
  }
  for (const sparse of graph.sparseInitializer) {
    define(sparse.values?.name);
    checkSparseTensor(sparse, note, `${where}, sparse initializer "${sparse.values?.name}"`);
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
    if (!node.opType) throw new OnnxError(`${where} has no op type`);
    checkDomain(node, context, where);
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

function checkDomain(node: NodeProto, { domains, note }: Context, where: string): void {
  const domain = normalDomain(node.domain);
  const version = domains.get(domain);
  if (version === undefined) {
    throw new OnnxError(`${where} is of domain "${domain}", which is not imported`);
  }
  const own = OWN_DOMAINS.includes(domain);
  if (own && version < 1n) {
    throw new OnnxError(
      `${where} is of version ${version} of domain "${domain}", expected 1 or more`,
    );
  }
  if (node.output.length > 0) return;
  if (own || node.input.length === 0) throw new OnnxError(`${where} has no output`);
  note(`${where} has no output`);
}
