/** The structural rules for attributes, and what is inside them. */
import { type Context, checkGraph, type Scope } from './check-graph.ts';
import { checkSparseTensor, checkTensor, noteType } from './check-value.ts';
import { OnnxError } from './error.ts';
import { type AttributeProto, AttributeType } from './proto.ts';

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

/** Lone values that have no default: messages. */
const NESTED: ReadonlySet<string> = new Set(['t', 'g', 'sparseTensor', 'tp']);

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
    for (const tensor of t ? [t] : attribute.tensors) checkTensor(tensor, context.note, where);
    for (const graph of g ? [g] : attribute.graphs) {
      checkGraph(graph, context, `${where}, graph`, scope);
    }
    for (const sparse of sparseTensor ? [sparseTensor] : attribute.sparseTensors) {
      checkSparseTensor(sparse, context.note, where);
    }
    for (const type of tp ? [tp] : attribute.typeProtos) {
      noteType(type, context.note, where);
    }
  }
}

/** An attribute has a value in the field of its type alone, or refers to a function's parameter. */
function checkFields(attribute: AttributeProto, context: Context, where: string): void {
  const { type, refAttrName } = attribute;
  if (type === undefined || !(type in VALUE_FIELDS)) {
    throw new OnnxError(`${where} has type ${type ?? 'unset'}, expected 1 to 14`);
  }
  const expected = VALUE_FIELDS[type as keyof typeof VALUE_FIELDS];
  const used = Object.values(VALUE_FIELDS).filter((field) => {
    const value = attribute[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  const stray = used.find((field) => field !== expected);
  if (stray) throw new OnnxError(`${where} has its value in ${stray}, expected ${expected}`);
  if (refAttrName) checkReference(refAttrName, context, used.length > 0, where);
  // An empty list is a value, and so is a zero or an empty text that writers of proto3 leave out.
  else if (used.length === 0 && NESTED.has(expected)) {
    throw new OnnxError(`${where} has no value, expected one in ${expected}`);
  } else if (used.length === 0 && !Array.isArray(attribute[expected])) {
    context.note(`${where} has no value, read as ${expected === 's' ? 'an empty text' : '0'}`);
  }
}

function checkReference(
  parameter: string,
  { parameters, note }: Context,
  hasValue: boolean,
  where: string,
): void {
  if (!parameters) throw new OnnxError(`${where} refers to "${parameter}" outside a function`);
  if (hasValue) throw new OnnxError(`${where} has both a reference and a value`);
  if (!parameters.has(parameter)) {
    note(`${where} refers to "${parameter}", not a parameter of the function: it is left out`);
  }
}
