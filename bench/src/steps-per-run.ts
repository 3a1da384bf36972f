/**
 * `bench steps-per-run`: several training steps in one run, unrolled in one graph or as the body of a
 * Scan, against a run for each. A run copies the state, and on a GPU sends it there and back.
 */
import { PRESETS, resolveNetwork } from '@ganport/model';
import { DATA_TYPES, decodeModel, sizeOf, type ValueInfoProto } from '@ganport/onnx';
import { type Device, executionProviders } from '@ganport/runtime/node';
import {
  buildStep,
  type Gan,
  initialState,
  NEXT,
  type State,
  sessionOptions,
} from '@ganport/train';
import * as ort from 'onnxruntime-node';
import type { CaseResult } from './conv-gradients.ts';
import { interleave, type Runner, summarize } from './interleave.ts';
import { LEARNING_RATE } from './presets.ts';
import { scanSteps } from './scan.ts';

/** With as many steps as the engine takes at once on two cores. */
const CASES = [
  { preset: 'mlp', batch: 128, steps: 10 },
  { preset: 'quick', batch: 64, steps: 10 },
  { preset: 'conv', batch: 64, steps: 3 },
] as const;

export interface StepsPerRunOptions {
  readonly device: Device;
  readonly threads: number;
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

export async function benchStepsPerRun(options: StepsPerRunOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { preset, batch, steps } of CASES) {
    const name = `${preset}, batch ${batch}, ${steps} steps on ${options.device}: one of them`;
    options.onProgress(name);
    const gan = {
      generator: resolveNetwork(PRESETS[preset].generator, 'generator'),
      discriminator: resolveNetwork(PRESETS[preset].discriminator, 'discriminator'),
    };
    const build = (steps: number) =>
      buildStep(gan, {
        steps,
        batch,
        loss: 'bce',
        adam: { learningRate: LEARNING_RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        ema: 0,
      });
    results.push({
      name,
      forms: await timeForms(gan, steps, options, {
        'a run for each': build(1),
        unrolled: build(steps),
        Scan: scanSteps(build(1), steps),
      }),
    });
  }
  return results;
}

async function timeForms(
  gan: Gan,
  steps: number,
  { device, threads, rounds }: StepsPerRunOptions,
  models: Readonly<Record<string, Uint8Array>>,
): Promise<CaseResult['forms']> {
  const sessions: ort.InferenceSession[] = [];
  try {
    const runners: Runner[] = [];
    for (const [form, model] of Object.entries(models)) {
      const options = sessionOptions({ providers: executionProviders(device), threads });
      const session = await ort.InferenceSession.create(model, options);
      sessions.push(session);
      const alone = form === 'a run for each';
      runners.push(runnerOf(session, model, initialState(gan, 0, 0), alone ? 1 : steps));
    }
    const times = await interleave(runners, rounds);
    const timed = Object.keys(models).map((name, i) => ({ name, seconds: summarize(times[i]!) }));
    return timed.sort((a, b) => a.seconds.median - b.seconds.median);
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** Runs a model's steps, each from the state that the last one left. */
function runnerOf(
  session: ort.InferenceSession,
  model: Uint8Array,
  state: State,
  stepsPerRun: number,
): Runner {
  const { input, output } = decodeModel(model).graph!;
  const tensors = (values: readonly ValueInfoProto[]) =>
    Object.fromEntries(values.map((value) => [value.name!, tensorOf(value, state)]));
  const [feeds, fetches] = [tensors(input), tensors(output)];
  return {
    stepsPerRun,
    async run(steps) {
      const start = performance.now();
      for (let done = 0; done < steps; done += stepsPerRun) {
        await session.run(feeds, fetches);
        for (const name of Object.keys(state)) {
          const after = fetches[name + NEXT]!;
          fetches[name + NEXT] = feeds[name]!;
          feeds[name] = after;
        }
      }
      return (performance.now() - start) / 1000;
    },
  };
}

/** A state's tensor, or numbers of about an image's, a latent's or a correction's size. */
function tensorOf({ name, type }: ValueInfoProto, state: State): ort.Tensor {
  const { elemType, shape } = type!.tensorType!;
  const dims = shape!.dim.map(({ dimValue }) => Number(dimValue));
  const count = sizeOf(dims);
  if (elemType === DATA_TYPES.uint8) {
    return new ort.Tensor(
      'uint8',
      Uint8Array.from({ length: count }, (_, i) => i * 7),
      dims,
    );
  }
  const data =
    state[name!]?.slice() ?? Float32Array.from({ length: count }, (_, i) => 1.5 + Math.sin(i));
  return new ort.Tensor('float32', data, dims);
}
