/** The field numbers and types of onnx.proto (IR version ≤ 14): what the codec is driven by. */
import type {
  AttributeProto,
  DeviceConfigurationProto,
  DimensionProto,
  ElementTypeProto,
  FunctionProto,
  GraphProto,
  IntIntListEntryProto,
  MapTypeProto,
  ModelProto,
  NodeDeviceConfigurationProto,
  NodeProto,
  OpaqueTypeProto,
  OperatorSetIdProto,
  ShardedDimProto,
  ShardingSpecProto,
  SimpleShardedDimProto,
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
  NodeDeviceConfiguration: NodeDeviceConfigurationProto;
  ShardingSpec: ShardingSpecProto;
  IntIntListEntry: IntIntListEntryProto;
  ShardedDim: ShardedDimProto;
  SimpleShardedDim: SimpleShardedDimProto;
  DeviceConfiguration: DeviceConfigurationProto;
  Attribute: AttributeProto;
  Tensor: TensorProto;
  Segment: TensorSegment;
  SparseTensor: SparseTensorProto;
  ValueInfo: ValueInfoProto;
  Type: TypeProto;
  TensorType: TensorTypeProto;
  ElementType: ElementTypeProto;
  MapType: MapTypeProto;
  OpaqueType: OpaqueTypeProto;
  TensorShape: TensorShapeProto;
  Dimension: DimensionProto;
  Function: FunctionProto;
}

export type Scalar = 'int64' | 'uint64' | 'int32' | 'float' | 'double' | 'string' | 'bytes';
/**
 * `packed` is what onnx.proto declares: numbers are written as one block, not one by one. A message has one
 * `oneof` at most, of whose fields the last one in a file is kept.
 */
type Label = 'optional' | 'repeated' | 'packed' | 'oneof';
export type Field = readonly [
  id: number,
  type: Scalar | keyof Messages,
  label: Label,
  /** Of an enum: its greatest value. Others are unknown fields to protobuf. */
  greatest?: number,
];
type Fields<M> = { readonly [K in keyof Required<M>]: Field };

const one = (id: number, type: Field[1]): Field => [id, type, 'optional'];
const oneof = (id: number, type: Field[1]): Field => [id, type, 'oneof'];
const enumerated = (id: number, greatest: number): Field => [id, 'int32', 'optional', greatest];
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
    configuration: many(26, 'DeviceConfiguration'),
  },
  DeviceConfiguration: {
    name: one(1, 'string'),
    numDevices: one(2, 'int32'),
    device: many(3, 'string'),
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
    deviceConfigurations: many(10, 'NodeDeviceConfiguration'),
  },
  NodeDeviceConfiguration: {
    configurationId: one(1, 'string'),
    shardingSpec: many(2, 'ShardingSpec'),
    pipelineStage: one(3, 'int32'),
  },
  ShardingSpec: {
    tensorName: one(1, 'string'),
    device: many(2, 'int64'),
    indexToDeviceGroupMap: many(3, 'IntIntListEntry'),
    shardedDim: many(4, 'ShardedDim'),
  },
  IntIntListEntry: { key: one(1, 'int64'), value: many(2, 'int64') },
  ShardedDim: { axis: one(1, 'int64'), simpleSharding: many(2, 'SimpleShardedDim') },
  SimpleShardedDim: {
    dimValue: oneof(1, 'int64'),
    dimParam: oneof(2, 'string'),
    numShards: one(3, 'int64'),
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
    type: enumerated(20, 14),
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
    dataLocation: enumerated(14, 1),
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
    tensorType: oneof(1, 'TensorType'),
    sequenceType: oneof(4, 'ElementType'),
    mapType: oneof(5, 'MapType'),
    denotation: one(6, 'string'),
    opaqueType: oneof(7, 'OpaqueType'),
    sparseTensorType: oneof(8, 'TensorType'),
    optionalType: oneof(9, 'ElementType'),
  },
  TensorType: { elemType: one(1, 'int32'), shape: one(2, 'TensorShape') },
  ElementType: { elemType: one(1, 'Type') },
  MapType: { keyType: one(1, 'int32'), valueType: one(2, 'Type') },
  OpaqueType: { domain: one(1, 'string'), name: one(2, 'string') },
  TensorShape: { dim: many(1, 'Dimension') },
  Dimension: {
    dimValue: oneof(1, 'int64'),
    dimParam: oneof(2, 'string'),
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
