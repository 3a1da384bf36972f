/** A real run folder, trained in a moment: 8 × 8 images, one step per checkpoint. */
import { latents } from '../packages/model/src/index.ts';
import { memoryDataset, resolveConfig, train } from '../packages/train/src/index.ts';

export const SIZE = 8;

export interface SmallRun {
  channels: 1 | 3;
  /** Decay of the moving average of the weights; 0 keeps none. */
  ema: number;
  steps?: number;
  tensorboard?: boolean;
  /** Goes on with the folder's run from this step. */
  resumeAt?: number;
}

/** Trains into `folder`, on images of noise. */
export async function trainSmall(
  folder: string,
  { channels, ema, steps = 6, tensorboard = false, resumeAt }: SmallRun,
) {
  const count = 32;
  const levels = latents(5, 0, count * SIZE * SIZE * channels).map((x) => 128 + 40 * x);
  const images = Uint8Array.from(levels);
  const config = {
    name: 'small',
    seed: 3,
    batch: 8,
    steps,
    ema,
    every: { metrics: 1, checkpoint: 2 },
    adam: { learningRate: 0.02 },
    generator: {
      inputs: { z: [6] },
      layers: [
        { type: 'dense', units: 4 * 16 },
        { type: 'reshape', shape: [4, 4, 4] },
        { type: 'batchNorm' },
        { type: 'relu' },
        { type: 'convTranspose2d', filters: 5, kernel: 4, stride: 2, pad: 1, bias: false },
        { type: 'batchNorm' },
        { type: 'relu' },
        { type: 'conv2d', filters: channels, kernel: 3, pad: 1 },
        { type: 'tanh' },
      ],
    },
    discriminator: {
      inputs: { image: [channels, SIZE, SIZE] },
      layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
    },
  };
  await train({
    config: resolveConfig([['the test', config]]),
    dataset: {
      ...memoryDataset({ name: 'noise', height: SIZE, width: SIZE, channels, images }),
      sha256: '0'.repeat(64),
    },
    engine: 'onnxruntime',
    device: 'cpu',
    threads: 1,
    tf32: false,
    versions: { ganport: 'test' },
    ...{ folder, tensorboard },
    resume: resumeAt !== undefined,
    checkpoint: resumeAt,
  });
}
