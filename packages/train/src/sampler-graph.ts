import { lowerNetwork, type Network } from '@ganport/model';
import { buildModel, encodeModel, input } from '@ganport/onnx';

/**
 * The generator with its weights as inputs, for samples during training: z [N, latent] → image
 * [N, C, H, W] in −1…1, with the running statistics, as it will be exported.
 * @param ema whether the trained weights are those of the moving average
 */
export function buildSampler(generator: Network, ema: boolean): Uint8Array {
  const z = input('z', 'float32', ['N', ...generator.inputs.z!]);
  const weights = generator.parameters.map(({ name, shape, trained }) => {
    const source = ema && trained ? 'ema.generator' : 'generator';
    return [name, input(`${source}.${name}`, 'float32', shape)] as const;
  });
  const { output } = lowerNetwork(generator, { z }, Object.fromEntries(weights), false);
  const inputs = [z, ...weights.map(([, value]) => value)];
  return encodeModel(buildModel({ name: 'sampler', inputs, outputs: { image: output } }));
}
