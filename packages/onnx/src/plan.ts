/** The table of onnx.proto in the forms that decoding and encoding look up. */
import { type Field, type Messages, SCHEMA, type Scalar } from './schema.ts';

/** Protobuf's wire types. */
export const WIRE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const SCALAR_WIRE: Record<Scalar, number> = {
  int64: WIRE.varint,
  uint64: WIRE.varint,
  int32: WIRE.varint,
  float: WIRE.fixed32,
  double: WIRE.fixed64,
  string: WIRE.delimited,
  bytes: WIRE.delimited,
};

export type MessageName = keyof Messages;
/** A message seen through the table: its static type is restored by decode.ts. */
export type Loose = Record<string, unknown>;

export interface FieldPlan {
  readonly name: string;
  readonly id: number;
  readonly type: Field[1];
  readonly label: Field[2];
  readonly wire: number;
  /** Of an enum: its greatest value. */
  readonly greatest: number | undefined;
}

interface MessagePlan {
  readonly fields: readonly FieldPlan[];
  readonly byId: ReadonlyMap<number, FieldPlan>;
  readonly lists: readonly string[];
  /** Fields of which a message has one at most. */
  readonly oneof: readonly string[];
}

export const PLANS = Object.fromEntries(
  Object.entries<Record<string, Field>>(SCHEMA).map(([message, table]): [string, MessagePlan] => {
    const fields = Object.entries(table).map(([name, [id, type, label, greatest]]) => {
      const wire = isScalar(type) ? SCALAR_WIRE[type] : WIRE.delimited;
      return { name, id, type, label, wire, greatest };
    });
    const byId = new Map(fields.map((field) => [field.id, field]));
    const lists = fields.filter(isList).map(({ name }) => name);
    const oneof = fields.filter(({ label }) => label === 'oneof').map(({ name }) => name);
    return [message, { fields, byId, lists, oneof }];
  }),
) as Record<MessageName, MessagePlan>;

export function isList({ label }: Pick<FieldPlan, 'label'>): boolean {
  return label === 'repeated' || label === 'packed';
}

export function isScalar(type: Field[1]): type is Scalar {
  return type in SCALAR_WIRE;
}
