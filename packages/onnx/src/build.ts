/** From values to a ModelProto. */
import { OnnxError } from './error.ts';
import {
  type AttributeProto,
  AttributeType,
  EMPTY_ATTRIBUTE,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from './proto.ts';
import { DATA_TYPES, type DType, type Tensor, tensorToProto } from './tensor.ts';
import type { Attribute, Node, Shape, Value } from './value.ts';

/** Opsets that can be written, and the IR version each needs. Newer ones lose WebGPU kernels. */
const IR_VERSIONS: Readonly<Record<number, number>> = { 17: 8, 18: 8, 19: 9, 20: 9, 21: 10 };

export interface BuildOptions {
  name: string;
  /** Inputs in the order a caller sees them; every input the outputs need must be here. */
  inputs: readonly Value[];
  /** Output values by the name they are to have. */
  outputs: Readonly<Record<string, Value>>;
  /** 17 (IR 8) to 21 (IR 10). */
  opset?: number;
  metadata?: Readonly<Record<string, string>>;
  producerVersion?: string;
  /** Nodes to be written in other operators, of those that can be: none unless given. */
  compose?: (node: Node) => boolean;
}

/**
 * Builds the model whose outputs these values are. Nodes stand in the order a depth-first walk from
 * the outputs finishes them, so the same program builds the same bytes.
 * @throws OnnxError if an input is missing, two names clash, or the opset is not supported.
 */
export function buildModel(options: BuildOptions): ModelProto {
  const { opset = 17, metadata = {}, producerVersion = '' } = options;
  const irVersion = IR_VERSIONS[opset];
  if (irVersion === undefined) {
    throw new OnnxError(`opset ${opset} is not supported: expected 17 to 21`);
  }
  return {
    irVersion: BigInt(irVersion),
    producerName: 'ganport',
    producerVersion,
    graph: new GraphWriter(options).graph,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    trainingInfo: [],
    functions: [],
    configuration: [],
  };
}

class GraphWriter {
  readonly graph: GraphProto;
  readonly #names = new Map<Value, string>();
  readonly #taken = new Set<string>();
  /** Names of small constants by type, shape and content: each is stored once. */
  readonly #constants = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #compose: (node: Node) => boolean;
  /** What composed nodes' outputs are written as. */
  readonly #composed = new Map<Node, readonly Value[]>();

  constructor({ name, inputs, outputs: given, compose = () => false }: BuildOptions) {
    this.#compose = compose;
    const outputs = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, this.#written(value)] as const),
    );
    this.graph = {
      node: [],
      name,
      initializer: [],
      input: inputs.map((value) => this.#addInput(value)),
      output: Object.entries(outputs).map(([key, { dtype, shape }]) => {
        this.#take(key);
        return valueInfo(key, dtype, shape);
      }),
      valueInfo: [],
      quantizationAnnotation: [],
      sparseInitializer: [],
      metadataProps: [],
    };
    // An output made by a node lends it its name; any other (an input, or one value under a second
    // name) is passed on by an Identity.
    const again: [string, Value][] = [];
    for (const [key, value] of Object.entries(outputs)) {
      if (value.node && !this.#names.has(value)) this.#names.set(value, key);
      else again.push([key, value]);
    }
    for (const value of Object.values(outputs)) this.#addAncestors(value);
    for (const [key, value] of again) {
      this.graph.node.push(nodeProto('Identity', key, [this.#nameOf(value)], [key], {}));
    }
  }

  /** The value as it is written: itself, or what it is composed of. */
  #written(value: Value): Value {
    let written = value;
    while ('node' in written.origin) {
      const { node, index } = written.origin;
      if (!node.composed || !(node.own || this.#compose(node))) break;
      const outputs = this.#composed.get(node) ?? node.composed();
      this.#composed.set(node, outputs);
      written = outputs[index]!;
    }
    return written;
  }

  #addInput(value: Value): ValueInfoProto {
    if (!('input' in value.origin)) throw new OnnxError('a graph input must come from input()');
    const name = value.origin.input;
    this.#take(name);
    this.#names.set(value, name);
    return valueInfo(name, value.dtype, value.shape);
  }

  #take(name: string): void {
    if (this.#taken.has(name)) throw new OnnxError(`two values are named "${name}"`);
    this.#taken.add(name);
  }

  #fresh(stem: string): string {
    let name: string;
    do {
      const count = (this.#counts.get(stem) ?? 0) + 1;
      this.#counts.set(stem, count);
      name = `${stem}_${count}`;
    } while (this.#taken.has(name));
    this.#taken.add(name);
    return name;
  }

  /** Writes the nodes `value` needs, without recursion: a step graph is thousands of nodes deep. */
  #addAncestors(value: Value): void {
    const done = this.#done;
    const stack: Node[] = value.node ? [value.node] : [];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const makers = done.has(node) ? [] : node.inputs.map((v) => v && this.#written(v).node);
      const next = makers.find((maker) => maker && !done.has(maker));
      if (next) {
        stack.push(next);
        continue;
      }
      stack.pop();
      if (!done.has(node)) this.#addNode(node);
    }
  }

  readonly #done = new Set<Node>();

  #addNode(node: Node): void {
    this.#done.add(node);
    const inputs = node.inputs.map((value) => (value ? this.#nameOf(this.#written(value)) : ''));
    const name = this.#fresh(node.op);
    const outputs = node.outputs.map((value, index) => {
      const given = this.#names.get(value);
      if (given !== undefined) return given;
      const fresh = node.outputs.length === 1 ? name : this.#fresh(`${name}_out${index}`);
      this.#names.set(value, fresh);
      return fresh;
    });
    this.graph.node.push(nodeProto(node.op, name, inputs, outputs, node.attributes));
  }

  #nameOf(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const { origin } = value;
    if ('input' in origin) {
      throw new OnnxError(`the graph needs input "${origin.input}", which is not among its inputs`);
    }
    if ('node' in origin)
      throw new OnnxError(`${origin.node.op}: an input was used before it was made`);
    const name = this.#addConstant(origin.constant, origin.name);
    this.#names.set(value, name);
    return name;
  }

  #addConstant(tensor: Tensor, wanted: string | undefined): string {
    const key = tensor.data.length <= 64 && wanted === undefined ? contentKey(tensor) : undefined;
    const same = key === undefined ? undefined : this.#constants.get(key);
    if (same !== undefined) return same;
    if (wanted !== undefined) this.#take(wanted);
    const name = wanted ?? this.#fresh('constant');
    if (key !== undefined) this.#constants.set(key, name);
    this.graph.initializer.push(tensorToProto(name, tensor));
    return name;
  }
}

function contentKey({ dtype, shape, data }: Tensor): string {
  return `${dtype}[${shape}]${new Uint8Array(data.buffer, data.byteOffset, data.byteLength).join()}`;
}

function nodeProto(
  opType: string,
  name: string,
  input: string[],
  output: string[],
  attributes: Readonly<Record<string, Attribute>>,
): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
  return {
    input,
    output,
    name,
    opType,
    attribute,
    metadataProps: [],
    deviceConfigurations: [],
  };
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number')
    return { ...EMPTY_ATTRIBUTE, name, i: BigInt(value), type: AttributeType.INT };
  if ('float' in value)
    return { ...EMPTY_ATTRIBUTE, name, f: value.float, type: AttributeType.FLOAT };
  return { ...EMPTY_ATTRIBUTE, name, ints: value.map(BigInt), type: AttributeType.INTS };
}

function valueInfo(name: string, dtype: DType, shape: Shape): ValueInfoProto {
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: BigInt(d) } : { dimParam: d }));
  return {
    name,
    type: { tensorType: { elemType: DATA_TYPES[dtype], shape: { dim } } },
    metadataProps: [],
  };
}
