import { cdcgan } from './cdcgan.ts';
import { dcgan, FILTERS } from './dcgan.ts';
import { inputs, type Preset, startOf, widths } from './preset.ts';

/**
 * cdcgan with a projection discriminator: its logit has a part of its own for each class, the product of a vector of
 * the class with the last features (Miyato & Koyama 2018).
 */
export const projection: Preset = (image) => {
  const { generator } = cdcgan(image, 'projection');
  const { discriminator } = dcgan(image);
  const { doublings, height, width } = startOf(image, 'projection');
  const units = widths(doublings, FILTERS)[0]! * height * width;
  const [first, ...rest] = discriminator.layers.slice(0, -2);
  return {
    generator,
    discriminator: {
      inputs: { ...inputs(image), label: generator.inputs.label! },
      layers: [
        { ...first!, from: 'image' },
        ...rest,
        { type: 'flatten', name: 'features' },
        { type: 'dense', name: 'any', units: 1, init: 'normal' },
        // As small at first as the weights of the layer before.
        { type: 'embedding', name: 'class', from: 'label', units, gain: 0.02 },
        { type: 'dot', name: 'own', from: ['class', 'features'] },
        { type: 'add', from: ['any', 'own'] },
      ],
    },
  };
};
