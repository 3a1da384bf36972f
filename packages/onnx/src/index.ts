export { type BuildOptions, buildModel } from './build.ts';
export { checkModel } from './check.ts';
export { problemOfLocation } from './check-value.ts';
export { decodeModel, decodeReadable, decodeTensorProto, type Readable } from './decode.ts';
export { describeModel, type ExternalTensor, type ModelDescription } from './describe.ts';
export { encodeModel, encodeTensorProto } from './encode.ts';
export { firstLine, OnnxError } from './error.ts';
export { gradients } from './gradient/gradients.ts';
export { inlineModel } from './inline/inline.ts';
export { type Geometry, geometry } from './ops/geometry.ts';
export * as ops from './ops/index.ts';
export * from './proto.ts';
export { isNoModel, LOOKED_AT } from './recognise.ts';
export {
  ARRAYS,
  DATA_TYPES,
  type DType,
  float32,
  int64,
  sizeOf,
  type Tensor,
  type TypedArray,
  tensorFromProto,
  tensorToProto,
} from './tensor.ts';
export { printable } from './text.ts';
export {
  type Attribute,
  constant,
  constantOf,
  type Dim,
  input,
  type Node,
  type Shape,
  scalar,
  showShape,
  type Value,
} from './value.ts';
export { inputsOf } from './walk.ts';
