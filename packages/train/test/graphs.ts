/** Graphs of values, run in onnxruntime for tests. */
import {
  ARRAYS,
  buildModel,
  encodeModel,
  sizeOf,
  type TypedArray,
  type Value,
} from '@ganport/onnx';
import * as ort from 'onnxruntime-node';

export type Feeds = Readonly<Record<string, TypedArray | readonly number[]>>;

export interface Graph {
  /** Elements of the outputs by name, or of those that are wanted. */
  run(feeds: Feeds, wanted?: readonly string[]): Promise<Record<string, number[]>>;
  close(): Promise<void>;
}

/** Whoever opens it closes it. @param inputs each named as its feed */
export async function openGraph(
  inputs: Readonly<Record<string, Value>>,
  outputs: Readonly<Record<string, Value>>,
): Promise<Graph> {
  const model = buildModel({ name: 'test', inputs: Object.values(inputs), outputs });
  const session = await ort.InferenceSession.create(encodeModel(model));
  return {
    async run(feeds, wanted = Object.keys(outputs)) {
      const tensors = Object.entries(inputs).map(([name, { dtype, shape }]) => {
        const data = new ARRAYS[dtype](sizeOf(shape as number[]));
        data.set(feeds[name] as never);
        return [name, new ort.Tensor(dtype, data as never, shape as number[])] as const;
      });
      const result = await session.run(Object.fromEntries(tensors), [...wanted]);
      return Object.fromEntries(
        Object.entries(result).map(([name, { data }]) => [
          name,
          Array.from(data as ArrayLike<number>, Number),
        ]),
      );
    },
    close: () => session.release(),
  };
}

/** Reproducible numbers from −1 to 1. */
export function numbers(count: number, salt: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1)) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}
