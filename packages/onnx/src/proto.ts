/**
 * The messages of an ONNX file, as onnx.proto (IR version ≤ 14) names them, in camelCase.
 * A repeated field is always an array; an absent optional field is undefined. Protobuf's int64 is
 * a bigint. Bytes of a string that are not UTF-8 are kept, see text.ts.
 * See https://github.com/onnx/onnx/blob/main/docs/IR.md.
 */

export interface ModelProto {
  irVersion?: bigint;
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: bigint;
  docString?: string;
  graph?: GraphProto;
  opsetImport: OperatorSetIdProto[];
  metadataProps: StringStringEntryProto[];
  trainingInfo: TrainingInfoProto[];
  functions: FunctionProto[];
  configuration: DeviceConfigurationProto[];
}

export interface DeviceConfigurationProto {
  name?: string;
  numDevices?: number;
  device: string[];
}

export interface OperatorSetIdProto {
  domain?: string;
  version?: bigint;
}

export interface StringStringEntryProto {
  key?: string;
  value?: string;
}

export interface TrainingInfoProto {
  initialization?: GraphProto;
  algorithm?: GraphProto;
  initializationBinding: StringStringEntryProto[];
  updateBinding: StringStringEntryProto[];
}

export interface GraphProto {
  node: NodeProto[];
  name?: string;
  initializer: TensorProto[];
  docString?: string;
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
  quantizationAnnotation: TensorAnnotation[];
  sparseInitializer: SparseTensorProto[];
  metadataProps: StringStringEntryProto[];
}

export interface TensorAnnotation {
  tensorName?: string;
  quantParameterTensorNames: StringStringEntryProto[];
}

export interface NodeProto {
  input: string[];
  output: string[];
  name?: string;
  opType?: string;
  attribute: AttributeProto[];
  docString?: string;
  domain?: string;
  overload?: string;
  metadataProps: StringStringEntryProto[];
  deviceConfigurations: NodeDeviceConfigurationProto[];
}

export interface NodeDeviceConfigurationProto {
  configurationId?: string;
  shardingSpec: ShardingSpecProto[];
  pipelineStage?: number;
}

export interface ShardingSpecProto {
  tensorName?: string;
  device: bigint[];
  indexToDeviceGroupMap: IntIntListEntryProto[];
  shardedDim: ShardedDimProto[];
}

export interface IntIntListEntryProto {
  key?: bigint;
  value: bigint[];
}

export interface ShardedDimProto {
  axis?: bigint;
  simpleSharding: SimpleShardedDimProto[];
}

export interface SimpleShardedDimProto {
  dimValue?: bigint;
  dimParam?: string;
  numShards?: bigint;
}

/** AttributeProto.type. */
export const AttributeType = {
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

export interface AttributeProto {
  name?: string;
  f?: number;
  i?: bigint;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
  docString?: string;
  tp?: TypeProto;
  typeProtos: TypeProto[];
  type?: number;
  refAttrName?: string;
  sparseTensor?: SparseTensorProto;
  sparseTensors: SparseTensorProto[];
}

/** An attribute's lists, of which it fills one at most. */
export const EMPTY_ATTRIBUTE: AttributeProto = {
  floats: [],
  ints: [],
  strings: [],
  tensors: [],
  graphs: [],
  typeProtos: [],
  sparseTensors: [],
};

/** Numbers that may be any number of: typed arrays, where they were decoded. */
type List<T> = ArrayLike<T> & Iterable<T>;

export interface TensorProto {
  dims: bigint[];
  dataType?: number;
  segment?: TensorSegment;
  floatData: List<number>;
  int32Data: List<number>;
  stringData: Uint8Array[];
  int64Data: List<bigint>;
  name?: string;
  rawData?: Uint8Array;
  doubleData: List<number>;
  uint64Data: List<bigint>;
  docString?: string;
  externalData: StringStringEntryProto[];
  dataLocation?: number;
  metadataProps: StringStringEntryProto[];
}

export interface TensorSegment {
  begin?: bigint;
  end?: bigint;
}

export interface SparseTensorProto {
  values?: TensorProto;
  indices?: TensorProto;
  dims: bigint[];
}

export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
  docString?: string;
  metadataProps: StringStringEntryProto[];
}

export interface TypeProto {
  tensorType?: TensorTypeProto;
  sequenceType?: ElementTypeProto;
  mapType?: MapTypeProto;
  denotation?: string;
  opaqueType?: OpaqueTypeProto;
  sparseTensorType?: TensorTypeProto;
  optionalType?: ElementTypeProto;
}

/** TypeProto.Tensor and TypeProto.SparseTensor. */
export interface TensorTypeProto {
  elemType?: number;
  shape?: TensorShapeProto;
}

/** TypeProto.Sequence and TypeProto.Optional. */
export interface ElementTypeProto {
  elemType?: TypeProto;
}

export interface MapTypeProto {
  keyType?: number;
  valueType?: TypeProto;
}

export interface OpaqueTypeProto {
  domain?: string;
  name?: string;
}

export interface TensorShapeProto {
  dim: DimensionProto[];
}

export interface DimensionProto {
  dimValue?: bigint;
  dimParam?: string;
  denotation?: string;
}

export interface FunctionProto {
  name?: string;
  input: string[];
  output: string[];
  attribute: string[];
  node: NodeProto[];
  docString?: string;
  opsetImport: OperatorSetIdProto[];
  domain?: string;
  attributeProto: AttributeProto[];
  valueInfo: ValueInfoProto[];
  overload?: string;
  metadataProps: StringStringEntryProto[];
}
