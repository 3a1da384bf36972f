import { ModelError } from '../error.ts';
import { dcgan } from './dcgan.ts';
import { type GanSpec, type ImageSize, inputs, leaky } from './preset.ts';

/**
 * Numbers that a class is to the generator, a tenth of what z is: with half as many as z has, every class was drawn in one
 * way, whatever z.
 */
const CLASS_UNITS = 10;

/** Of the discriminator's layer in which the class and the image's features meet: without it a class is right less often. */
const JOINT_UNITS = 256;

/**
 * dcgan of classes: the generator takes a vector of the class beside z, the discriminator a picture of it beside
 * the image, as further channels (Mirza & Osindero 2014).
 */
export const cdcgan = (image: ImageSize, name = 'cdcgan'): GanSpec => {
  const { generator, discriminator } = dcgan(image);
  const { height, width, classes } = image;
  if (!classes) {
    throw new ModelError(
      `preset ${name}: expected data with labels; dcgan is the same without classes`,
    );
  }
  const label = { classes: classes.length };
  return {
    generator: {
      inputs: { ...generator.inputs, label },
      layers: [
        { type: 'embedding', name: 'class', from: 'label', units: CLASS_UNITS },
        { type: 'concat', from: ['z', 'class'] },
        ...generator.layers,
      ],
    },
    discriminator: {
      inputs: { ...inputs(image), label },
      layers: [
        { type: 'embedding', from: 'label', units: height * width },
        { type: 'reshape', name: 'class', shape: [1, height, width] },
        { type: 'concat', from: ['image', 'class'] },
        ...discriminator.layers.slice(0, -1),
        { type: 'dense', units: JOINT_UNITS, init: 'normal' },
        leaky,
        { type: 'dense', units: 1, init: 'normal' },
      ],
    },
  };
};
