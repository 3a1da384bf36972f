/**
 * The onnxruntime engine: keeps the state as pairs of buffers and runs the step graph from one into
 * the other, so that training allocates nothing and copies no state.
 */

import { samplerGraph } from '@ganport/model';
import { buildModel, encodeModel, sizeOf } from '@ganport/onnx';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { corrections } from './adam.ts';
import type { Engine, State } from './engine.ts';
import {
  buildStep,
  type Gan,
  NEXT,
  STEP,
  type StateTensor,
  type StepOptions,
  stateTensors,
} from './step.ts';

/** The part of onnxruntime-node or onnxruntime-web that the engine uses. */
export type OrtRuntime = Pick<typeof import('onnxruntime-common'), 'InferenceSession' | 'Tensor'>;

export interface OnnxRuntimeOptions extends StepOptions {
  ort: OrtRuntime;
  /** Threads within an operator; 0 lets onnxruntime choose. */
  threads: number;
  /** Execution providers by preference. */
  providers: readonly string[];
}

export async function createOnnxRuntimeEngine(
  gan: Gan,
  initial: State,
  options: OnnxRuntimeOptions,
): Promise<Engine> {
  const { ort, batch, threads, providers, ema } = options;
  const settings: InferenceSession.SessionOptions = {
    executionProviders: [...providers],
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    // Adam's moments decay into denormals, which processors handle many times slower.
    extra: { session: { set_denormal_as_zero: '1' } },
  };
  const trainer = await ort.InferenceSession.create(buildStep(gan, options), settings);
  const { inputs, image: drawn } = samplerGraph(gan.generator, ema > 0);
  const samplerModel = buildModel({ name: 'sampler', inputs, outputs: { image: drawn } });
  const sampler = await ort.InferenceSession.create(encodeModel(samplerModel), settings);
  const tensors = stateTensors(gan, ema);
  const [current, spare] = [buffers(ort, tensors), buffers(ort, tensors)];
  let [now, next] = [current, spare];
  for (const [name, tensor] of now) (tensor.data as Float32Array).set(initial[name]!);

  const { image } = gan.discriminator.inputs;
  const [channels, height, width] = image as [number, number, number];
  const latent = sizeOf(gan.generator.inputs.z!);
  const metrics = STEP.metrics.map((name) => [name, float(ort, [])] as const);

  return {
    async step({ step, images, zDiscriminator, zGenerator }) {
      const feeds = Object.fromEntries(now);
      feeds[STEP.images] = new ort.Tensor('uint8', images, [batch, height, width, channels]);
      feeds[STEP.discriminatorLatents] = new ort.Tensor('float32', zDiscriminator, [batch, latent]);
      feeds[STEP.generatorLatents] = new ort.Tensor('float32', zGenerator, [batch, latent]);
      feeds[STEP.corrections] = new ort.Tensor('float32', corrections(step, options.adam), [2]);
      const fetches = Object.fromEntries([...next].map(([name, tensor]) => [name + NEXT, tensor]));
      await trainer.run(feeds, { ...fetches, ...Object.fromEntries(metrics) });
      [now, next] = [next, now];
      const [dLoss, gLoss, dReal, dFake] = metrics.map(([, { data }]) => Number(data[0]));
      return { dLoss: dLoss!, gLoss: gLoss!, dReal: dReal!, dFake: dFake! };
    },
    async sample(z, count) {
      const feeds = Object.fromEntries(
        [...now].filter(([name]) => sampler.inputNames.includes(name)),
      );
      const { image } = await sampler.run({
        ...feeds,
        z: new ort.Tensor('float32', z, [count, latent]),
      });
      return image!.data as Float32Array;
    },
    get state() {
      return Object.fromEntries([...now].map(([name, { data }]) => [name, data as Float32Array]));
    },
    async close() {
      await trainer.release();
      await sampler.release();
    },
  };
}

function buffers(ort: OrtRuntime, tensors: readonly StateTensor[]): Map<string, Tensor> {
  return new Map(tensors.map(({ name, shape }) => [name, float(ort, shape)]));
}

function float(ort: OrtRuntime, shape: readonly number[]): Tensor {
  return new ort.Tensor('float32', new Float32Array(sizeOf(shape)), shape);
}
