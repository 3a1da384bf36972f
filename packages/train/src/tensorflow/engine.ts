/** The tensorflow engine: a recipe interpreted; its state stays in TensorFlow.js's tensors from step to step. */
import { type Dim, OnnxError, showShape, sizeOf, type TypedArray, type Value } from '@ganport/onnx';
import { createTurns } from '@ganport/runtime';
import * as tf from '@tensorflow/tfjs';
import type { Engine, State } from '../engine.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { chooseBackend, type TensorFlowOptions } from './choose-backend.ts';
import { interpreter, upload } from './interpret.ts';
import { createPauses } from './pauses.ts';
import { plain, rowMajor, type Stored, withinTidy } from './stored.ts';

/**
 * Goes on from a state. Whoever creates an engine closes it.
 * @throws EngineError if no backend of the device works, with the reasons and a remedy
 * @throws OnnxError naming an operator of the recipe that has no kernel
 */
export async function createTensorFlowEngine(
  { state: entries, feeds, metrics, sampler }: Recipe,
  initial: State,
  options: TensorFlowOptions,
): Promise<Engine> {
  const description = await chooseBackend(options);
  const pauses = createPauses(tf.getBackend());
  const turns = createTurns();
  const takeTurn = <T>(task: () => Promise<T>) =>
    turns(async () => {
      await pauses.resume();
      return task();
    });
  const trainer = interpreter([...entries.map(({ next }) => next), ...Object.values(metrics)]);
  const drawer = interpreter([sampler.image]);
  let state = uploadAll(
    entries.map(({ name, now }) => ({ name, value: now })),
    initial,
    'state',
  );
  const inputs = (more: Iterable<readonly [Value, Stored]>) =>
    new Map([...entries.map(({ now }, i) => [now, state[i]!] as const), ...more]);

  return {
    description,
    step: (given, signal) =>
      takeTurn(async () => {
        const fed = uploadAll(feeds, given, 'feed');
        const after = await trainer
          .run(inputs(feeds.map(({ value }, i) => [value, fed[i]!])), () => pauses.pause(signal))
          .finally(() => disposeAll(fed));
        disposeAll(state);
        state = after.splice(0, entries.length);
        return readScalars(Object.keys(metrics), after);
      }),
    sample: (z, count, labels) =>
      takeTurn(async () => {
        const given = [[sampler.z, uploadTo(sampler.z, z, 'latents', count)] as const];
        const { label } = sampler;
        if (label) given.push([label, uploadTo(label, labels, 'labels', count)]);
        const [image] = await drawer
          .run(inputs(given), () => pauses.pause())
          .finally(() => disposeAll(given.map(([, stored]) => stored)));
        return readAndDispose(image!);
      }),
    state: () =>
      takeTurn(async () => {
        const read: State = {};
        for (const [i, { name }] of entries.entries()) {
          const { tensor, order } = state[i]!;
          read[name] = await readAndDispose({ tensor: tensor.clone(), order });
        }
        return read;
      }),
    close: () =>
      takeTurn(async () => {
        disposeAll(state);
        trainer.dispose();
        drawer.dispose();
      }),
  };
}

/** All or none. */
function uploadAll(
  wanted: readonly { name: string; value: Value }[],
  given: Readonly<Record<string, TypedArray>>,
  what: string,
): Stored[] {
  return withinTidy(() =>
    wanted.map(({ name, value }) => uploadTo(value, given[name], `${what} "${name}"`)),
  );
}

/** @param batch what a symbolic dimension is */
function uploadTo(
  { dtype, shape }: Value,
  data: TypedArray | undefined,
  what: string,
  batch = 0,
): Stored {
  const sizes = shape.map((dim: Dim) => (typeof dim === 'number' ? dim : batch));
  if (data?.length !== sizeOf(sizes)) {
    const got = data ? `${data.length} numbers` : 'none';
    throw new OnnxError(`${what}: expected ${dtype} ${showShape(sizes)}, got ${got}`);
  }
  return plain(upload({ dtype, shape: sizes, data }));
}

async function readScalars(
  names: readonly string[],
  scalars: readonly Stored[],
): Promise<Record<string, number>> {
  const tensor = tf.stack(scalars.map((scalar) => scalar.tensor));
  disposeAll(scalars);
  const values = await readAndDispose(plain(tensor));
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** Its elements in the order of its own axes. */
async function readAndDispose(x: Stored): Promise<Float32Array> {
  const tensor = tf.tidy(() => rowMajor(x));
  const data = (await tensor.data()) as Float32Array;
  if (tensor !== x.tensor) tensor.dispose();
  x.tensor.dispose();
  // A copy: the cpu backend gives the array that it goes on with.
  return Float32Array.from(data);
}

function disposeAll(values: readonly Stored[]): void {
  for (const { tensor } of values) tensor.dispose();
}
