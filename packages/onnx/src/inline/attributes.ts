/** A node's attributes as its file has them. */
import { OnnxError } from '../error.ts';
import { type AttributeProto, AttributeType, type NodeProto } from '../proto.ts';
import { type Tensor, tensorFromProto } from '../tensor.ts';
import { printable } from '../text.ts';

/**
 * Each is asked for by its name, with what it is where a node leaves it out. One that nobody asks for may change
 * what the node does, so `end` refuses it. All throw an OnnxError that names the attribute.
 */
export interface Attributes {
  int(name: string, otherwise: number): number;
  float(name: string, otherwise: number): number;
  ints(name: string): number[] | undefined;
  tensor(name: string): Tensor;
  /** Takes no other value than this, which is the one of a node without it. */
  only(name: string, value: number | string | readonly number[]): void;
  end(): void;
}

/** @param what names the node in errors */
export function attributesOf({ attribute }: NodeProto, what: string): Attributes {
  const left = new Map(attribute.map((each) => [each.name ?? '', each]));
  const take = (name: string, type: keyof typeof AttributeType): AttributeProto | undefined => {
    const found = left.get(name);
    left.delete(name);
    if (!found || found.type === AttributeType[type]) return found;
    throw new OnnxError(`${what}: expected an attribute ${name} of type ${type}`);
  };
  return {
    int: (name, otherwise) => Number(take(name, 'INT')?.i ?? otherwise),
    float: (name, otherwise) => take(name, 'FLOAT')?.f ?? otherwise,
    ints: (name) => take(name, 'INTS')?.ints.map(Number),
    tensor(name) {
      const { t } = take(name, 'TENSOR') ?? {};
      if (t) return tensorFromProto(t);
      throw new OnnxError(`${what}: expected an attribute ${name}`);
    },
    only(name, value) {
      const found = left.get(name);
      left.delete(name);
      const got = found && textOf(found);
      if (got === undefined || got === String(value)) return;
      throw new OnnxError(`${what}: only ${name} ${value} is read, got ${printable(got)}`);
    },
    end() {
      const [name] = left.keys();
      if (name !== undefined)
        throw new OnnxError(`${what}: the attribute ${printable(name)} is not read`);
    },
  };
}

/** As `only` compares it. */
function textOf({ type, i, f, s, ints }: AttributeProto): string {
  if (type === AttributeType.STRING) return new TextDecoder().decode(s);
  return String(type === AttributeType.INTS ? ints : type === AttributeType.FLOAT ? f : i);
}
