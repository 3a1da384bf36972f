/** A configuration's two networks, checked against each other and the data. */
import {
  inputSpec,
  ModelError,
  type Network,
  type NetworkSpec,
  resolveNetwork,
} from '@ganport/model';
import { expectBatchStatistics } from './batch-statistics.ts';
import type { Dataset } from './data/index.ts';

export interface Gan {
  generator: Network;
  discriminator: Network;
}

/** @throws ModelError where a shape or the batch does not fit, naming the network or layer. */
export function resolveGan(
  config: { generator: NetworkSpec; discriminator: NetworkSpec; batch: number },
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
  expectBatchStatistics({ generator, discriminator }, config.batch);
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
