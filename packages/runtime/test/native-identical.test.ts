/** Training steps run natively are those of onnxruntime-node, bit for bit. */
import {
  ARRAYS,
  float32,
  gradients,
  input,
  ops,
  scalar,
  sizeOf,
  type Tensor,
  type Value,
} from '@ganport/onnx';
import { expect, test } from 'vitest';
import { openNative } from '../src/native/program.ts';
import { openNode } from '../src/node-program.ts';
import type { Program } from '../src/program.ts';
import { modelOf } from './program/models.ts';

const [BATCH, WIDTH, STEPS] = [16, 33, 10];
const [RATE, DECAY] = [0.05, 0.9];

const WEIGHTS = { w1: [8, WIDTH], b1: [WIDTH], w2: [WIDTH, 3], b2: [3] };

/** Numbers in -1…1 that look random. */
function noise(seed: number, shape: readonly number[]): Tensor {
  let state = seed * 2654435761;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  return float32(data, shape);
}

/** A step of a network of two layers: momentum, a moving average, a count; the loss and the outputs. */
function step(): { model: Uint8Array; state: Record<string, string> } {
  const x = input('x', 'float32', [BATCH, 8]);
  const y = input('y', 'float32', [BATCH, 3]);
  const weights = Object.entries(WEIGHTS).map(([name, shape]) => input(name, 'float32', shape));
  const moments = weights.map((w) => input(`${nameOf(w)}_m`, 'float32', w.shape));
  const averages = weights.map((w) => input(`${nameOf(w)}_ema`, 'float32', w.shape));
  const count = input('count', 'float32', []);
  const [w1, b1, w2, b2] = weights as [Value, Value, Value, Value];
  const hidden = ops.Tanh(ops.Add(ops.MatMul(x, w1), b1));
  const logits = ops.Add(ops.MatMul(hidden, w2), b2);
  const loss = ops.mean(ops.Mul(ops.Sub(logits, y), ops.Sub(logits, y)));
  const slopes = gradients(loss, weights);
  const next: Record<string, Value> = { count_next: ops.Add(count, scalar(1)) };
  weights.forEach((w, i) => {
    const moment = ops.Add(ops.Mul(moments[i]!, scalar(DECAY)), slopes[i]!);
    const moved = ops.Sub(w, ops.Mul(moment, scalar(RATE)));
    next[`${nameOf(moments[i]!)}_next`] = moment;
    next[`${nameOf(w)}_next`] = moved;
    next[`${nameOf(averages[i]!)}_next`] = ops.Add(
      ops.Mul(averages[i]!, scalar(DECAY)),
      ops.Mul(moved, scalar(1 - DECAY)),
    );
  });
  const state = [...weights, ...moments, ...averages, count];
  return {
    model: modelOf([x, y, ...state], { ...next, loss, logits }),
    state: Object.fromEntries(state.map((value) => [nameOf(value), `${nameOf(value)}_next`])),
  };
}

function nameOf({ origin }: Value): string {
  return (origin as { input: string }).input;
}

async function train(program: Program, names: readonly string[]) {
  try {
    await program.write(
      Object.fromEntries(
        Object.entries(WEIGHTS).map(([name, shape], i) => [name, noise(i + 1, shape)]),
      ),
    );
    const results: Record<string, Tensor>[] = [];
    for (let i = 0; i < STEPS; i += 1) {
      results.push(
        await program.run({ x: noise(100 + i, [BATCH, 8]), y: noise(200 + i, [BATCH, 3]) }),
      );
    }
    return { results, state: await program.read(names) };
  } finally {
    await program.close();
  }
}

test.each([1, 2])('ten steps with threads: %i', async (threads) => {
  const { model, state } = step();
  const options = { state, device: 'cpu', threads } as const;
  const names = Object.keys(state);
  const native = await train(await openNative(model, options), names);
  const node = await train(await openNode(model, options), names);
  const bits = ({ results, state: last }: typeof native) =>
    [...results, last].map((tensors) =>
      Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
        expect(data).toBeInstanceOf(ARRAYS[dtype]);
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        return `${name} ${dtype} [${shape}] ${bytes.toString('hex')}`;
      }),
    );
  expect(bits(native)).toEqual(bits(node));
  const losses = native.results.map(({ loss }) => Number(loss!.data[0]));
  expect(new Set(losses).size).toBe(STEPS);
  expect(native.state.count!.data).toEqual(Float32Array.of(STEPS));
});
