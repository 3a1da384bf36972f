/**
 * Stacked MNIST (Metz et al. 2017): three digits are the colours of one image, so that there are 1,000 kinds of
 * them; and a classifier of all three.
 */
import { permutation, STREAM } from '@ganport/model';
import {
  buildModel,
  decodeModel,
  encodeModel,
  type GraphProto,
  input,
  type ModelProto,
  ops as op,
  type Value,
} from '@ganport/onnx';
import type { Dataset } from '@ganport/train';
import { idxImages } from './idx.ts';

const SIZE = 28;
const CHANNELS = [0, 1, 2] as const;
const CLASSES = 10;

/** `count` images of three digits each, every digit as often as the next: IDX, [count, 28, 28, 3]. */
export async function stackDigits(digits: Dataset, count: number): Promise<Uint8Array> {
  const area = SIZE * SIZE;
  const pixels = new Uint8Array(count * area * CHANNELS.length);
  for (const channel of CHANNELS) {
    const orders = Array.from({ length: Math.ceil(count / digits.count) }, (_, round) =>
      permutation(channel, round, digits.count, STREAM.shuffle),
    );
    for (let i = 0; i < count; i++) {
      const order = orders[Math.floor(i / digits.count)]!;
      const bytes = await digits.read(order.subarray(i % digits.count, (i % digits.count) + 1));
      for (let at = 0; at < area; at++) pixels[(i * area + at) * 3 + channel] = bytes[at]!;
    }
  }
  return idxImages([count, SIZE, SIZE, CHANNELS.length], pixels);
}

/**
 * @param classifier of digits: image [N, 1, 28, 28] → features [N, 64], logits [N, 10]
 * @returns image [N, 3, 28, 28] → features [N, 192], logits [N, 1000], of the first digit's hundreds, the second's
 * tens and the third's ones: as if the three were told apart independently
 */
export function stackClassifier(classifier: Uint8Array, dim: number): Uint8Array {
  const image = input('image', 'float32', ['N', CHANNELS.length, SIZE, SIZE]);
  const digit = (channel: number) =>
    op.Slice(image, { axes: [1], starts: [channel], ends: [channel + 1] });
  const head = buildModel({
    name: 'head',
    inputs: [image],
    outputs: Object.fromEntries(CHANNELS.map((channel) => [`image${channel}`, digit(channel)])),
  });
  const features = CHANNELS.map((channel) => input(`features${channel}`, 'float32', ['N', dim]));
  const logits = CHANNELS.map((channel) => input(`logits${channel}`, 'float32', ['N', CLASSES]));
  const along = (axis: number): Value => {
    const shape = CHANNELS.map((other) => (other === axis ? CLASSES : 1));
    return op.Reshape(logits[axis]!, ['N', ...shape]);
  };
  const all = op.Add(op.Add(along(0), along(1)), along(2));
  const tail = buildModel({
    name: 'tail',
    inputs: [...features, ...logits],
    outputs: {
      features: op.Concat(features, 1),
      logits: op.Reshape(all, ['N', CLASSES ** CHANNELS.length]),
    },
  });
  const one = decodeModel(classifier);
  const each = CHANNELS.map((channel) => {
    const outer = {
      image: `image${channel}`,
      features: `features${channel}`,
      logits: `logits${channel}`,
    };
    return renamed(one.graph!, `${channel}/`, outer);
  });
  const [first, last] = [
    renamed(head.graph!, 'head/', names(head)),
    renamed(tail.graph!, 'tail/', names(tail)),
  ];
  const parts = [first, ...each, last];
  const graph: GraphProto = {
    ...head.graph!,
    ...{ name: 'stacked', input: first.input, output: last.output, valueInfo: [] },
    node: parts.flatMap(({ node }) => node),
    initializer: parts.flatMap(({ initializer }) => initializer),
  };
  return encodeModel({ ...one, graph });
}

/** Inputs and outputs, under their own names. */
function names({ graph }: ModelProto): Record<string, string> {
  const all = [...graph!.input, ...graph!.output].map(({ name }) => [name!, name!]);
  return Object.fromEntries(all);
}

/** A graph whose values and nodes have a prefix, but for those with a name of their own outside. */
function renamed(
  graph: GraphProto,
  prefix: string,
  outer: Readonly<Record<string, string>>,
): GraphProto {
  // An input that is left out has the name "".
  const rename = (name: string) => outer[name] ?? (name && prefix + name);
  return {
    ...graph,
    node: graph.node.map((node) => ({
      ...node,
      ...(node.name && { name: prefix + node.name }),
      input: node.input.map(rename),
      output: node.output.map(rename),
    })),
    initializer: graph.initializer.map((tensor) => ({ ...tensor, name: rename(tensor.name!) })),
  };
}
