/** The structural rules of ONNX's IR.md for a whole model: what needs no knowledge of operators. */
import {
  type Context,
  checkAttributes,
  checkGraph,
  checkNodes,
  normalDomain,
  Scope,
} from './check-graph.ts';
import { checkType } from './check-value.ts';
import { OnnxError } from './error.ts';
import type {
  FunctionProto,
  ModelProto,
  OperatorSetIdProto,
  StringStringEntryProto,
} from './proto.ts';

/** IR version 3 brought operator sets; 13 is ONNX 1.22's, the newest that is known here. */
const IR_VERSIONS = { min: 3n, max: 13n } as const;

/**
 * Checks a model against the structural rules of
 * https://github.com/onnx/onnx/blob/main/docs/IR.md: versions and imports, every value defined
 * once and before its use, attributes and tensors whole. Operators' signatures, inferred shapes,
 * training_info and files of external data are not looked at. Like ONNX's own checker, it accepts
 * names that are no C identifiers and nodes that share a name.
 * @throws OnnxError that names the graph, the node and the problem.
 */
export function checkModel(model: ModelProto): void {
  const { irVersion, graph } = model;
  if (irVersion === undefined || irVersion < IR_VERSIONS.min || irVersion > IR_VERSIONS.max) {
    throw new OnnxError(
      `the model has IR version ${irVersion ?? 'unset'}, ` +
        `expected ${IR_VERSIONS.min} to ${IR_VERSIONS.max}`,
    );
  }
  if (!graph) throw new OnnxError('the model has no graph');
  checkKeys(model.metadataProps, 'the model');
  const domains = importedDomains(model.opsetImport, 'the model');
  const ids = new Set<string>();
  for (const definition of model.functions) {
    const id = [normalDomain(definition.domain), definition.name, definition.overload].join(':');
    if (ids.has(id)) throw new OnnxError(`the model has two functions "${definition.name}"`);
    ids.add(id);
    checkFunction(definition, irVersion);
  }
  checkGraph(graph, { irVersion, domains }, 'graph');
}

function checkKeys(entries: readonly StringStringEntryProto[], where: string): void {
  const keys = new Set<string>();
  for (const { key = '' } of entries) {
    if (keys.has(key)) throw new OnnxError(`${where} has the metadata key "${key}" twice`);
    keys.add(key);
  }
}

function importedDomains(imports: readonly OperatorSetIdProto[], where: string): Set<string> {
  if (imports.length === 0) throw new OnnxError(`${where} imports no operator set`);
  const domains = new Set<string>();
  for (const { domain, version } of imports) {
    const name = normalDomain(domain);
    if (domains.has(name)) throw new OnnxError(`${where} imports the domain "${name}" twice`);
    if (version === undefined || version < 1n) {
      throw new OnnxError(
        `${where} imports version ${version ?? 'unset'} of the domain "${name}", expected 1 or more`,
      );
    }
    domains.add(name);
  }
  return domains;
}

function checkFunction(definition: FunctionProto, irVersion: bigint): void {
  const { name, input, output, attribute, attributeProto, node } = definition;
  if (!name) throw new OnnxError('the model has a function without a name');
  const where = `function "${name}"`;
  const domains = importedDomains(definition.opsetImport, where);
  const scope = new Scope();
  for (const value of input) scope.define(value, `${where}, its inputs,`);
  const parameters = new Set<string>();
  for (const parameter of [...attribute, ...attributeProto.map((proto) => proto.name ?? '')]) {
    if (parameters.has(parameter)) throw new OnnxError(`${where} has "${parameter}" twice`);
    parameters.add(parameter);
  }
  // Defaults are plain values: they cannot refer to other parameters.
  checkAttributes(attributeProto, { irVersion, domains }, scope, where);
  const context: Context = { irVersion, domains, parameters };
  checkNodes(node, context, scope, where);
  for (const value of output) {
    if (!scope.has(value)) throw new OnnxError(`${where}, output "${value}" is not defined`);
  }
  for (const { name: value, type } of definition.valueInfo) {
    if (type) checkType(type, `${where}, value info "${value}"`);
  }
}
