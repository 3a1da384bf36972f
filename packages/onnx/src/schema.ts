/** The field numbers and types of onnx.proto (IR version ≤ 10): what the codec is driven by. */
import type {
  AttributeProto,
  DimensionProto,
  ElementTypeProto,
  FunctionProto,
  GraphProto,
  MapTypeProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  SparseTensorProto,
  StringStringEntryProto,
  TensorAnnotation,
  TensorProto,
  TensorSegment,
  TensorShapeProto,
  TensorTypeProto,
  TrainingInfoProto,
  TypeProto,
  ValueInfoProto,
} from './proto.ts';

/** The messages of onnx.proto that a model is made of. */
export interface Messages {
  Model: ModelProto;
  OperatorSetId: OperatorSetIdProto;
  StringStringEntry: StringStringEntryProto;
  TrainingInfo: TrainingInfoProto;
  Graph: GraphProto;
  TensorAnnotation: TensorAnnotation;
  Node: NodeProto;
  Attribute: AttributeProto;
  Tensor: TensorProto;
  Segment: TensorSegment;
  SparseTensor: SparseTensorProto;
  ValueInfo: ValueInfoProto;
  Type: TypeProto;
  TensorType: TensorTypeProto;
  ElementType: ElementTypeProto;
  MapType: MapTypeProto;
  TensorShape: TensorShapeProto;
  Dimension: DimensionProto;
  Function: FunctionProto;
}

export type Scalar = 'int64' | 'uint64' | 'int32' | 'float' | 'double' | 'string' | 'bytes';
type Label = 'optional' | 'repeated' | 'packed';
/** `packed` is what onnx.proto declares: numbers are written as one block, not one by one. */
export type Field = readonly [id: number, type: Scalar | keyof Messages, label: Label];
type Fields<M> = { readonly [K in keyof Required<M>]: Field };

const one = (id: number, type: Field[1]): Field => [id, type, 'optional'];
const many = (id: number, type: Field[1]): Field => [id, type, 'repeated'];
const packed = (id: number, type: Scalar): Field => [id, type, 'packed'];

/** Each message's fields in ascending order of their numbers: the order they are written in. */
export const SCHEMA: { readonly [M in keyof Messages]: Fields<Messages[M]> } = {
  Model: {
    irVersion: one(1, 'int64'),
    producerName: one(2, 'string'),
    producerVersion: one(3, 'string'),
    domain: one(4, 'string'),
    modelVersion: one(5, 'int64'),
    docString: one(6, 'string'),
    graph: one(7, 'Graph'),
    opsetImport: many(8, 'OperatorSetId'),
    metadataProps: many(14, 'StringStringEntry'),
    trainingInfo: many(20, 'TrainingInfo'),
    functions: many(25, 'Function'),
  },
  OperatorSetId: { domain: one(1, 'string'), version: one(2, 'int64') },
  StringStringEntry: { key: one(1, 'string'), value: one(2, 'string') },
  TrainingInfo: {
    initialization: one(1, 'Graph'),
    algorithm: one(2, 'Graph'),
    initializationBinding: many(3, 'StringStringEntry'),
    updateBinding: many(4, 'StringStringEntry'),
  },
  Graph: {
    node: many(1, 'Node'),
    name: one(2, 'string'),
    initializer: many(5, 'Tensor'),
    docString: one(10, 'string'),
    input: many(11, 'ValueInfo'),
    output: many(12, 'ValueInfo'),
    valueInfo: many(13, 'ValueInfo'),
    quantizationAnnotation: many(14, 'TensorAnnotation'),
    sparseInitializer: many(15, 'SparseTensor'),
    metadataProps: many(16, 'StringStringEntry'),
  },
  TensorAnnotation: {
    tensorName: one(1, 'string'),
    quantParameterTensorNames: many(2, 'StringStringEntry'),
  },
  Node: {
    input: many(1, 'string'),
    output: many(2, 'string'),
    name: one(3, 'string'),
    opType: one(4, 'string'),
    attribute: many(5, 'Attribute'),
    docString: one(6, 'string'),
    domain: one(7, 'string'),
    overload: one(8, 'string'),
    metadataProps: many(9, 'StringStringEntry'),
  },
  Attribute: {
    name: one(1, 'string'),
    f: one(2, 'float'),
    i: one(3, 'int64'),
    s: one(4, 'bytes'),
    t: one(5, 'Tensor'),
    g: one(6, 'Graph'),
    floats: many(7, 'float'),
    ints: many(8, 'int64'),
    strings: many(9, 'bytes'),
    tensors: many(10, 'Tensor'),
    graphs: many(11, 'Graph'),
    docString: one(13, 'string'),
    tp: one(14, 'Type'),
    typeProtos: many(15, 'Type'),
    type: one(20, 'int32'),
    refAttrName: one(21, 'string'),
    sparseTensor: one(22, 'SparseTensor'),
    sparseTensors: many(23, 'SparseTensor'),
  },
  Tensor: {
    dims: many(1, 'int64'),
    dataType: one(2, 'int32'),
    segment: one(3, 'Segment'),
    floatData: packed(4, 'float'),
    int32Data: packed(5, 'int32'),
    stringData: many(6, 'bytes'),
    int64Data: packed(7, 'int64'),
    name: one(8, 'string'),
    rawData: one(9, 'bytes'),
    doubleData: packed(10, 'double'),
    uint64Data: packed(11, 'uint64'),
    docString: one(12, 'string'),
    externalData: many(13, 'StringStringEntry'),
    dataLocation: one(14, 'int32'),
    metadataProps: many(16, 'StringStringEntry'),
  },
  Segment: { begin: one(1, 'int64'), end: one(2, 'int64') },
  SparseTensor: { values: one(1, 'Tensor'), indices: one(2, 'Tensor'), dims: many(3, 'int64') },
  ValueInfo: {
    name: one(1, 'string'),
    type: one(2, 'Type'),
    docString: one(3, 'string'),
    metadataProps: many(4, 'StringStringEntry'),
  },
  Type: {
    tensorType: one(1, 'TensorType'),
    sequenceType: one(4, 'ElementType'),
    mapType: one(5, 'MapType'),
    denotation: one(6, 'string'),
    sparseTensorType: one(8, 'TensorType'),
    optionalType: one(9, 'ElementType'),
  },
  TensorType: { elemType: one(1, 'int32'), shape: one(2, 'TensorShape') },
  ElementType: { elemType: one(1, 'Type') },
  MapType: { keyType: one(1, 'int32'), valueType: one(2, 'Type') },
  TensorShape: { dim: many(1, 'Dimension') },
  Dimension: {
    dimValue: one(1, 'int64'),
    dimParam: one(2, 'string'),
    denotation: one(3, 'string'),
  },
  Function: {
    name: one(1, 'string'),
    input: many(4, 'string'),
    output: many(5, 'string'),
    attribute: many(6, 'string'),
    node: many(7, 'Node'),
    docString: one(8, 'string'),
    opsetImport: many(9, 'OperatorSetId'),
    domain: one(10, 'string'),
    attributeProto: many(11, 'Attribute'),
    valueInfo: many(12, 'ValueInfo'),
    overload: one(13, 'string'),
    metadataProps: many(14, 'StringStringEntry'),
  },
};
