/**
 * Bytes 0…255 and numbers −1…1: the one map between them, as a graph and on arrays. Level 0 is −1 and 255
 * is 1; what lies outside is clipped. Bytes are [N, H, W, C], numbers [N, C, H, W].
 */
import { constantOf, ops as op, scalar, type Value } from '@ganport/onnx';
import { ModelError } from './error.ts';

/** Bytes, uint8 [N, H, W, C], as numbers, float32 [N, C, H, W]. */
export function bytesToNumbers(bytes: Value): Value {
  const [n, h, w, c] = bytes.shape;
  // In their final shape: onnxruntime's arithmetic crawls where the last dimension is 1.
  const levels = op.Cast(bytes, 'float32');
  const planes = c === 1 ? op.Reshape(levels, [n!, 1, h!, w!]) : op.Transpose(levels, [0, 3, 1, 2]);
  return op.Sub(op.Mul(planes, scalar(2 / 255)), scalar(1));
}

/**
 * Numbers, float32 [N, C, H, W], as bytes, uint8 [N, H, W, C], rounded. Clipped before the cast, which
 * wraps in a way of each provider's own; 0.5 is added because Round has no WebGPU kernel.
 */
export function numbersToBytes(image: Value): Value {
  const levels = op.Clip(op.Add(op.Mul(image, scalar(127.5)), scalar(128)), 0, 255);
  const [n, c, h, w] = image.shape;
  const last = c === 1 ? op.Reshape(levels, [n!, h!, w!, 1]) : op.Transpose(levels, [0, 2, 3, 1]);
  return op.Cast(last, 'uint8');
}

/**
 * The numbers, float32 [N, C, H, W], that `numbersToBytes` made these bytes of: a cast has no gradient, and what was
 * clipped none either.
 * @throws ModelError if the bytes were made in another way
 */
export function numbersBehind(bytes: Value): Value {
  const [last] = behind(bytes, 'Cast');
  const laid = last?.node?.op === 'Reshape' ? behind(last, 'Reshape') : behind(last, 'Transpose');
  const [added, middle] = behind(behind(laid[0], 'Clip')[0], 'Add');
  const [image, scale] = behind(added, 'Mul');
  const [factor, offset] = [scale, middle].map((value) => value && constantOf(value)?.data);
  if (image && factor?.length === 1 && factor[0] === 127.5 && Number(offset) === 128) return image;
  throw new ModelError(
    'expected bytes that are made of numbers as `ganport export` does: times 127.5, plus 128, clipped',
  );
}

/** What the node takes that makes a value, if it is of this operator. */
function behind(value: Value | undefined, op: string): readonly (Value | undefined)[] {
  return value?.node?.op === op ? value.node.inputs : [];
}

/**
 * Arrays of bytes as arrays of numbers.
 * @param shape of one image: [channels, height, width]
 */
export function numbersOf(bytes: Uint8Array, shape: readonly number[]): Float32Array {
  const numbers = new Float32Array(bytes.length);
  visit(bytes.length, shape, (inPlanes, inBytes) => {
    numbers[inPlanes] = bytes[inBytes]! / 127.5 - 1;
  });
  return numbers;
}

/** Arrays of numbers as arrays of bytes, rounded as the graph rounds. */
export function bytesOf(numbers: Float32Array, shape: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length);
  visit(numbers.length, shape, (inPlanes, inBytes) => {
    bytes[inBytes] = Math.min(Math.max(numbers[inPlanes]! * 127.5 + 128, 0), 255);
  });
  return bytes;
}

/** Calls with each element's position in [N, C, H, W] and in [N, H, W, C]. */
function visit(
  length: number,
  [channels, height, width]: readonly number[],
  at: (inPlanes: number, inBytes: number) => void,
): void {
  const [c, area] = [channels!, height! * width!];
  for (let image = 0; image < length; image += c * area) {
    for (let channel = 0; channel < c; channel++) {
      for (let pixel = 0; pixel < area; pixel++) {
        at(image + channel * area + pixel, image + pixel * c + channel);
      }
    }
  }
}
