/** A configuration's two networks, checked against each other and the data, and their state. */
import {
  initialWeights,
  inputSpec,
  ModelError,
  type Network,
  type Parameter,
  resolveNetwork,
} from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import type { TrainConfig } from './config.ts';
import type { Dataset } from './data/index.ts';
import type { State } from './engine.ts';

export interface Gan {
  generator: Network;
  discriminator: Network;
}

/** A named tensor of the state: all are float32. */
export interface StateTensor {
  name: string;
  shape: readonly number[];
}

/** @throws ModelError where a shape does not fit, naming the network or layer. */
export function resolveGan(
  config: TrainConfig,
  dataset: Pick<Dataset, 'name' | 'channels' | 'height' | 'width'>,
): Gan {
  const generator = resolveNetwork(config.generator, 'generator');
  const discriminator = resolveNetwork(config.discriminator, 'discriminator');
  expectInput('generator', generator, 'z', 1);
  expectInput('discriminator', discriminator, 'image', 3);
  const image = discriminator.inputs.image!;
  const { channels, height, width } = dataset;
  if (String(image) !== String([channels, height, width])) {
    throw new ModelError(
      `discriminator: its image is [${image}], but ${dataset.name} has images of [${[channels, height, width]}]`,
    );
  }
  if (String(generator.outputShape) !== String(image)) {
    throw new ModelError(
      `generator: its output is [${generator.outputShape}], but the discriminator takes [${image}]`,
    );
  }
  if (String(discriminator.outputShape) !== '1') {
    throw new ModelError(
      `discriminator: expected one logit per image, got an output of [${discriminator.outputShape}]`,
    );
  }
  return { generator, discriminator };
}

function expectInput(what: string, network: Network, name: string, rank: number): void {
  const inputs = inputSpec(network);
  if (Object.keys(inputs).join() !== name || network.inputs[name]?.length !== rank) {
    const shape = rank === 1 ? '[size]' : '[channels, height, width]';
    const got = JSON.stringify(inputs);
    throw new ModelError(`${what}: expected one input "${name}" of shape ${shape}, got ${got}`);
  }
}

/** The state a GAN is trained with, in order: weights, statistics, Adam's moments, moving average. */
export function stateTensors({ generator, discriminator }: Gan, ema: number): StateTensor[] {
  const of = (prefix: string, parameters: readonly Parameter[]) =>
    parameters.map(({ name, shape }) => ({ name: `${prefix}.${name}`, shape }));
  const trained = ({ parameters }: Network) => parameters.filter((p) => p.trained);
  return [
    ...of('generator', generator.parameters),
    ...of('discriminator', discriminator.parameters),
    ...['adam_m', 'adam_v'].flatMap((moment) => [
      ...of(`${moment}.generator`, trained(generator)),
      ...of(`${moment}.discriminator`, trained(discriminator)),
    ]),
    ...(ema > 0 ? of('ema.generator', trained(generator)) : []),
  ];
}

/** The state before the first step: initial weights from the seed, moments zero. */
export function initialState(gan: Gan, seed: number, ema: number): State {
  const weights = {
    ...initialWeights(gan.generator.parameters, seed, 'generator'),
    ...initialWeights(gan.discriminator.parameters, seed, 'discriminator'),
  };
  const entries = stateTensors(gan, ema).map(({ name, shape }) => {
    // The moving average starts at the weights themselves.
    const start = weights[name.replace(/^ema\./, '')];
    return [name, start ? start.slice() : new Float32Array(sizeOf(shape))] as const;
  });
  return Object.fromEntries(entries);
}
