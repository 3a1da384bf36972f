/** The structural rules for a model's own functions. */
import { checkAttributes } from './check-attribute.ts';
import { type Context, checkNodes, noteValueInfo, Scope } from './check-graph.ts';
import type { Note } from './check-value.ts';
import { importedDomains, normalDomain } from './domains.ts';
import { OnnxError } from './error.ts';
import type { FunctionProto, NodeProto } from './proto.ts';

/** ONNX's checker's bound for functions that call functions. */
const MAX_CALL_DEPTH = 100;

/** @throws OnnxError if a function is not whole, two have one name, or one calls itself. */
export function checkFunctions(
  functions: readonly FunctionProto[],
  irVersion: bigint,
  note: Note,
): void {
  const byId = new Map<string, FunctionProto>();
  for (const definition of functions) {
    const { domain, name, overload } = definition;
    const id = identify(domain, name, overload);
    if (byId.has(id)) throw new OnnxError(`the model has two functions "${name}"`);
    byId.set(id, definition);
    checkFunction(definition, irVersion, note);
  }
  checkCalls(byId);
}

function identify(domain?: string, name?: string, overload = ''): string {
  return [normalDomain(domain), name, overload].join(':');
}

function checkFunction(definition: FunctionProto, irVersion: bigint, note: Note): void {
  const { name, input, output, attribute, attributeProto, node } = definition;
  if (!name) throw new OnnxError('the model has a function without a name');
  const where = `function "${name}"`;
  if (definition.domain === undefined) throw new OnnxError(`${where} has no domain`);
  const domains = importedDomains(definition.opsetImport, note, where);
  const scope = new Scope();
  for (const value of input) scope.define(value, `${where}, its inputs,`);
  const parameters = new Set<string>();
  for (const parameter of [...attribute, ...attributeProto.map((proto) => proto.name ?? '')]) {
    if (parameters.has(parameter)) throw new OnnxError(`${where} has "${parameter}" twice`);
    parameters.add(parameter);
  }
  // Defaults are plain values: they cannot refer to other parameters.
  checkAttributes(attributeProto, { irVersion, domains, note }, scope, where);
  const context: Context = { irVersion, domains, parameters, note };
  checkNodes(node, context, scope, where);
  const outputs = new Set<string>();
  for (const value of output) {
    if (outputs.has(value)) throw new OnnxError(`${where} has the output "${value}" twice`);
    outputs.add(value);
    if (!scope.has(value)) throw new OnnxError(`${where}, output "${value}" is not defined`);
  }
  noteValueInfo(definition.valueInfo, note, where);
}

/** A function is put in place of the node that calls it, so it may not call itself by any way. */
function checkCalls(functions: ReadonlyMap<string, FunctionProto>): void {
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[]): void => {
    const definition = functions.get(id);
    if (!definition || done.has(id)) return;
    const where = `function "${definition.name}"`;
    if (path.includes(id)) throw new OnnxError(`${where} calls itself`);
    if (path.length >= MAX_CALL_DEPTH) {
      throw new OnnxError(`${where} is called through ${MAX_CALL_DEPTH} functions`);
    }
    for (const callee of calls(definition.node)) visit(callee, [...path, id]);
    done.add(id);
  };
  for (const id of functions.keys()) visit(id, []);
}

/** What nodes and those of their subgraphs may call: an operator's name is a function's. */
function calls(nodes: readonly NodeProto[]): Set<string> {
  const callees = new Set<string>();
  for (const { domain, opType, overload, attribute } of nodes) {
    callees.add(identify(domain, opType, overload));
    for (const { g, graphs } of attribute) {
      for (const graph of g ? [g, ...graphs] : graphs) {
        for (const callee of calls(graph.node)) callees.add(callee);
      }
    }
  }
  return callees;
}
