/** A configuration's two networks, checked against each other and the data. */
import {
  inputSpec,
  ModelError,
  type Network,
  type NetworkSpec,
  quote,
  resolveNetwork,
} from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import { expectBatchStatistics } from './batch-statistics.ts';
import type { Dataset } from './data/dataset.ts';

/** A discriminator's output of logits [N, classes], of one that tells the classes of images as well. */
export const CLASSES = 'classes';

export interface Gan {
  generator: Network;
  discriminator: Network;
}

/** @throws ModelError where a shape or the batch does not fit, naming the network or layer. */
export function resolveGan(
  config: { generator: NetworkSpec; discriminator: NetworkSpec; batch: number },
  dataset: Pick<Dataset, 'name' | 'channels' | 'height' | 'width' | 'labels' | 'classes'>,
): Gan {
  const generator = resolveNetwork(config.generator, 'generator');
  const discriminator = resolveNetwork(config.discriminator, 'discriminator');
  expectInput('generator', generator, 'z', 1);
  expectInput('discriminator', discriminator, 'image', 3);
  expectLabels({ generator, discriminator }, dataset);
  expectCodes({ generator, discriminator });
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
  const tensors = Object.keys(network.inputs).join();
  const labels = Object.keys(network.labels).join();
  if (tensors === name && network.inputs[name]?.length === rank && ['', 'label'].includes(labels)) {
    return;
  }
  const vector = network.inputs.label;
  if (vector) {
    throw new ModelError(
      `${what}: its label is a tensor of [${vector}]: expected "label": { "classes": ${vector[0]} }, of which an embedding layer makes one`,
    );
  }
  const shape = rank === 1 ? '[size]' : '[channels, height, width]';
  const got = JSON.stringify(inputs);
  throw new ModelError(
    `${what}: expected an input "${name}" of shape ${shape}, and "label" at most beside it, got ${got}`,
  );
}

/** @throws ModelError unless the discriminator tells each code of the generator, and nothing that there is not */
function expectCodes({ generator, discriminator }: Gan): void {
  const { output: _, [CLASSES]: __, ...told } = discriminator.outputs;
  for (const { name, size } of generator.codes) {
    const shape = told[name]?.shape;
    if (String(shape) === String(size)) continue;
    throw new ModelError(
      `discriminator: expected an output ${quote(name)} of [${size}], which tells the generator's code, got ${shape ? `[${shape}]` : 'none'}`,
    );
  }
  const other = Object.keys(told).find((name) => !generator.codes.some((c) => c.name === name));
  if (other === undefined) return;
  const codes = generator.codes.map(({ name }) => quote(name)).join(', ') || 'it has none';
  throw new ModelError(
    `discriminator: its output ${quote(other)} tells nothing there is: expected ${quote(CLASSES)}, or one of the generator's codes (${codes})`,
  );
}

/** Whether a step is given the images' classes. */
export function takesLabels({ generator, discriminator }: Gan): boolean {
  const { labels, outputs } = discriminator;
  return 'label' in generator.labels || 'label' in labels || CLASSES in outputs;
}

/** @throws ModelError if classes are asked for that the data have not, or not so many of */
function expectLabels(
  gan: Gan,
  { name, labels, classes }: Pick<Dataset, 'name' | 'labels' | 'classes'>,
): void {
  if (!takesLabels(gan)) return;
  if (!labels || !classes) {
    throw new ModelError(
      `${name} has no labels, and these networks take classes: choose data with labels, or networks without`,
    );
  }
  const { generator, discriminator } = gan;
  const told = discriminator.outputs[CLASSES]?.shape;
  const counts = [
    ['generator: its label', generator.labels.label],
    ['discriminator: its label', discriminator.labels.label],
    [`discriminator: its output "${CLASSES}"`, told && sizeOf(told)],
  ] as const;
  for (const [what, count] of counts) {
    if (count === undefined || count === classes.length) continue;
    throw new ModelError(
      `${what} is of ${count} classes, but ${name} has ${classes.length}: ${classes.slice(0, 5).join(', ')}${classes.length > 5 ? ', …' : ''}`,
    );
  }
  if (!('label' in generator.labels)) {
    throw new ModelError(
      'generator: expected an input "label" too, as the discriminator judges by classes',
    );
  }
}
