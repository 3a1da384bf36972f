/** A model's graph as values: to be a part of another graph, and to be differentiated. */
import { importedDomains, normalDomain } from '../domains.ts';
import { OnnxError } from '../error.ts';
import type { ModelProto, NodeProto, ValueInfoProto } from '../proto.ts';
import { DATA_TYPES, tensorFromProto } from '../tensor.ts';
import { printable } from '../text.ts';
import { constant, showShape, type Value } from '../value.ts';
import { attributesOf } from './attributes.ts';
import { READERS } from './readers.ts';

/** Opsets between which no operator here has changed its inputs. */
const OPSETS = { least: 13n, most: 21n };

/**
 * The outputs of a model by name, as values that are made from these inputs, with its weights as constants. An
 * input of known sizes gives known ones throughout, as gradients need.
 * @param inputs all of the model's, by name
 * @throws OnnxError that names the operator or the value, if an operator is none of ../ops or is used in a way that
 * those are not, if an input is missing or does not fit, or if the opset is not from 13 to 21
 */
export function inlineModel(
  { graph, opsetImport }: ModelProto,
  inputs: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const opset = importedDomains(opsetImport, () => {}, 'the model').get('') ?? 0n;
  if (opset < OPSETS.least || opset > OPSETS.most) {
    throw new OnnxError(`opset ${opset} is not read: expected ${OPSETS.least} to ${OPSETS.most}`);
  }
  const values = new Map<string, Value>();
  for (const tensor of graph!.initializer) {
    values.set(tensor.name ?? '', constant(tensorFromProto(tensor)));
  }
  for (const info of graph!.input) {
    // Initialisers may be listed as inputs, too.
    if (values.has(info.name ?? '')) continue;
    values.set(info.name ?? '', checkInput(info, inputs[info.name ?? '']));
  }
  for (const node of graph!.node) readNode(node, values);
  return Object.fromEntries(
    graph!.output.map(({ name = '' }) => [name, find(values, name, 'the output')] as const),
  );
}

function readNode(node: NodeProto, values: Map<string, Value>): void {
  const { opType = '', name = '' } = node;
  const domain = normalDomain(node.domain);
  const what = `operator ${printable(domain ? `${domain}:${opType}` : opType)} (node "${printable(name)}")`;
  const reader = domain === '' && Object.hasOwn(READERS, opType) ? READERS[opType] : undefined;
  if (!reader) throw new OnnxError(`${what} has no form as values`);
  const inputs = node.input.map((input) => (input === '' ? undefined : find(values, input, what)));
  if (inputs.slice(0, reader.needs).includes(undefined) || inputs.length < reader.needs) {
    throw new OnnxError(`${what}: expected at least ${reader.needs} inputs`);
  }
  const attributes = attributesOf(node, what);
  const read = reader.read(inputs as Value[], attributes);
  attributes.end();
  const outputs = Array.isArray(read) ? (read as readonly Value[]) : [read as Value];
  node.output.forEach((output, i) => {
    if (output === '') return;
    if (!outputs[i]) throw new OnnxError(`${what}: its output ${i + 1} has no form as a value`);
    values.set(output, outputs[i]);
  });
}

function find(values: ReadonlyMap<string, Value>, name: string, what: string): Value {
  const value = values.get(name);
  if (value) return value;
  throw new OnnxError(`${what}: nothing before it makes "${printable(name)}"`);
}

/** Any symbol fits any size. */
function checkInput({ name = '', type }: ValueInfoProto, given: Value | undefined): Value {
  if (!given) throw new OnnxError(`the model's input "${printable(name)}" is missing`);
  const { elemType, shape } = type?.tensorType ?? {};
  const sizes = shape?.dim.map(({ dimValue }) => dimValue);
  const fits =
    elemType === DATA_TYPES[given.dtype] &&
    (!sizes ||
      (sizes.length === given.rank &&
        sizes.every((size, axis) => {
          const dim = given.shape[axis];
          return size === undefined || typeof dim === 'string' || Number(size) === dim;
        })));
  if (fits) return given;
  throw new OnnxError(
    `the model's input "${printable(name)}" is not ${given.dtype} ${showShape(given.shape)}`,
  );
}
