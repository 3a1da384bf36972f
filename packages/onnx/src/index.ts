export { checkModel } from './check.ts';
export { decodeModel, decodeTensorProto, encodeModel, encodeTensorProto } from './codec.ts';
export { OnnxError } from './error.ts';
export * from './proto.ts';
