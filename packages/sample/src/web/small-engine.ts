/** The small runtime as an engine. */
import { checkGeneratorDigest, latentBatch } from '@ganport/model';
import { samplerOf } from '../sampler.ts';
import { generatorOf } from '../small/load.ts';
import { openPictures } from '../small/picture.ts';
import type { Engine, OpenEngine } from './engine.ts';

export const openSmall: OpenEngine = async ({ model, maxWork }): Promise<Engine> => {
  const pictures = openPictures(model);
  const { metadata, draw } = pictures;
  if (maxWork !== undefined) {
    // It ends as soon as it is known to be too much.
    draw(latentBatch(0, 0, 1, metadata.latent.size), metadata.classes && 0n, maxWork);
  }
  await checkGeneratorDigest(model, metadata);
  const sampler = await samplerOf(generatorOf(pictures), {});
  const { description } = sampler;
  return {
    metadata,
    facts: { device: 'javascript', runtime: 'small', reason: '', description },
    draw: (by) => by(sampler),
    close: () => sampler.close(),
  };
};
