/** The onnxruntime engine: the step as a program, whose state stays where it runs. */
import {
  buildModel,
  encodeModel,
  inputsOf,
  type Node,
  ops as op,
  type Tensor,
  type TypedArray,
} from '@ganport/onnx';
import type { Program, ProgramOptions } from '@ganport/runtime';
import type { Engine, Metrics, State } from '../engine.ts';
import type { Recipe } from '../recipe/recipe.ts';

export interface OnnxRuntimeOptions {
  /** Opens a model where it is to run. */
  open(model: Uint8Array, options: ProgramOptions): Promise<Program>;
  /** Nodes to be written in other operators, see `BuildOptions`: those the device has no kernel for. */
  compose?: (node: Node) => boolean;
}

/** The output [metrics] of a step's model. */
const METRICS = 'metrics';
/** Follows a state tensor's name as an output. */
const NEXT = '_next';

/** train_step.onnx: state and feeds by name, the next state by `NAME_next`, the metrics in one vector. */
function stepModel(
  { state, feeds, metrics }: Recipe,
  compose: OnnxRuntimeOptions['compose'] = () => false,
): Uint8Array {
  const values = Object.values(metrics).map((metric) => op.Reshape(metric, [1]));
  return encodeModel(
    buildModel({
      name: 'train_step',
      inputs: [...state.map(({ now }) => now), ...feeds.map(({ value }) => value)],
      outputs: {
        ...Object.fromEntries(state.map(({ name, next }) => [name + NEXT, next])),
        [METRICS]: op.Concat(values, 0),
      },
      compose,
    }),
  );
}

/** Goes on from a state. Whoever creates an engine closes it. */
export async function createOnnxRuntimeEngine(
  recipe: Recipe,
  initial: State,
  { open, compose }: OnnxRuntimeOptions,
): Promise<Engine> {
  const names = recipe.state.map(({ name }) => name);
  const shapes = new Map(recipe.state.map(({ name, shape }) => [name, shape]));
  const tensorsOf = (state: Readonly<State>): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(state).map(([name, data]) => [
        name,
        { dtype: 'float32', shape: shapes.get(name)!, data } as const,
      ]),
    );
  const trainer = await open(stepModel(recipe, compose), {
    state: Object.fromEntries(names.map((name) => [name, name + NEXT])),
  });
  const sampler = createSampler(recipe, open, trainer);
  const close = async () => {
    await sampler.close();
    await trainer.close();
  };
  try {
    await trainer.write(tensorsOf(initial));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    description: trainer.description,
    async step(feeds, signal) {
      const { [METRICS]: values } = await trainer.run(
        feedTensors(recipe, feeds),
        signal ? { signal } : {},
      );
      sampler.forget();
      return metricsOf(recipe, values!);
    },
    sample: sampler.sample,
    async state() {
      return arraysOf(await trainer.read(names));
    },
    close,
  };
}

function feedTensors(
  { feeds }: Recipe,
  given: Readonly<Record<string, TypedArray>>,
): Record<string, Tensor> {
  return Object.fromEntries(
    feeds.map(({ name, value: { dtype, shape } }) => {
      return [name, { dtype, shape: shape as number[], data: given[name]! }];
    }),
  );
}

function metricsOf({ metrics }: Recipe, { data }: Tensor): Metrics {
  return Object.fromEntries(Object.keys(metrics).map((name, i) => [name, Number(data[i])]));
}

function arraysOf(tensors: Readonly<Record<string, Tensor>>): State {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]),
  );
}

interface Sampler {
  sample: Engine['sample'];
  /** The state has changed: the weights are to be taken anew. */
  forget(): void;
  close(): Promise<void>;
}

/** Draws from the trainer's state; its own program is opened when it first draws. */
function createSampler(
  { sampler: { z, label, image } }: Recipe,
  open: OnnxRuntimeOptions['open'],
  trainer: Program,
): Sampler {
  const own = label ? [z, label] : [z];
  const weights = inputsOf([image]).filter((value) => !own.includes(value));
  const names = weights.map(({ origin }) => (origin as { input: string }).input);
  let opening: Promise<Program> | undefined;
  let stale = true;
  const openModel = () => {
    const model = buildModel({ name: 'sampler', inputs: [...own, ...weights], outputs: { image } });
    const state = Object.fromEntries(names.map((name) => [name, null]));
    return open(encodeModel(model), { state });
  };
  return {
    async sample(latents, count, labels) {
      opening ??= openModel();
      const program = await opening;
      if (stale) await program.write(await trainer.read(names));
      stale = false;
      const shape = [count, ...(z.shape.slice(1) as number[])];
      const { image: drawn } = await program.run({
        z: { dtype: 'float32', shape, data: latents },
        ...(labels && { label: { dtype: 'int64', shape: [count], data: labels } }),
      });
      return drawn!.data as Float32Array;
    },
    forget() {
      stale = true;
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
