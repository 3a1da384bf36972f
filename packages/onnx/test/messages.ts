/** Messages with every list empty, to be filled in by a test. */
import {
  type AttributeProto,
  EMPTY_ATTRIBUTE,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../src/proto.ts';

export function model(fields: Partial<ModelProto>): ModelProto {
  const opsetImport = [{ domain: '', version: 17n }];
  return {
    irVersion: 8n,
    opsetImport,
    metadataProps: [],
    trainingInfo: [],
    functions: [],
    configuration: [],
    ...fields,
  };
}

export function graph(fields: Partial<GraphProto>): GraphProto {
  return {
    name: 'main',
    node: [],
    initializer: [],
    input: [],
    output: [],
    valueInfo: [],
    quantizationAnnotation: [],
    sparseInitializer: [],
    metadataProps: [],
    ...fields,
  };
}

export function node(fields: Partial<NodeProto>): NodeProto {
  return {
    input: [],
    output: [],
    attribute: [],
    metadataProps: [],
    deviceConfigurations: [],
    ...fields,
  };
}

/** A node of one input and one output. */
export function unary(
  opType: string,
  input: string,
  output: string,
  fields: Partial<NodeProto> = {},
): NodeProto {
  return node({ opType, input: [input], output: [output], ...fields });
}

export function attribute(fields: Partial<AttributeProto>): AttributeProto {
  return { ...EMPTY_ATTRIBUTE, ...fields };
}

/** Lists of numbers are typed arrays, as they are when they were decoded, unless they are empty. */
export function tensor(fields: Partial<TensorProto>): TensorProto {
  const { floatData, int32Data, int64Data, doubleData, uint64Data, ...rest } = fields;
  return {
    dims: [],
    floatData: floatData?.length ? Float32Array.from(floatData) : [],
    int32Data: int32Data?.length ? Int32Array.from(int32Data) : [],
    stringData: [],
    int64Data: int64Data?.length ? BigInt64Array.from(int64Data) : [],
    doubleData: doubleData?.length ? Float64Array.from(doubleData) : [],
    uint64Data: uint64Data?.length ? BigUint64Array.from(uint64Data) : [],
    externalData: [],
    metadataProps: [],
    ...rest,
  };
}

/** A float32 value; a string is a dimension's name. */
export function value(name: string, shape: readonly (bigint | string)[]): ValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === 'string' ? { dimParam: size } : { dimValue: size },
  );
  return { name, type: { tensorType: { elemType: 1, shape: { dim } } }, metadataProps: [] };
}

export function localFunction(fields: Partial<FunctionProto>): FunctionProto {
  return {
    name: 'twice',
    domain: 'local',
    input: [],
    output: [],
    attribute: [],
    attributeProto: [],
    node: [],
    opsetImport: [{ domain: '', version: 17n }],
    valueInfo: [],
    metadataProps: [],
    ...fields,
  };
}
