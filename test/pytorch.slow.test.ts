import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { latentBatch, STREAM } from '@ganport/model';
import {
  buildRecipe,
  createEngine,
  feedsAt,
  initialState,
  resolveConfig,
  resolveGan,
} from '@ganport/train';
import { expect, test } from 'vitest';

const PYTHON = fileURLToPath(new URL('../.cache/pytorch/bin/python', import.meta.url));
const GAN = fileURLToPath(new URL('../bench/pytorch', import.meta.url));
const STEPS = 20;
const BATCH = 8;
const LEARNING_RATE = 3e-4;

/**
 * Biases and the scale of a single channel that the next batch normalisation takes out again, so that
 * their gradients are noise; and the running means of those biases.
 */
const BEFORE_NORM = /^generator\.(2\.weight|[47]\.bias|[58]\.running_mean)$/;

/** Trains the benchmark's PyTorch networks from a given state with given images and latents. */
const PROGRAM = `
import base64, json, sys
import torch
from gan import LATENT, TRAINING

def tensor(text, dtype=torch.float32):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=dtype)

given = json.load(sys.stdin)
training = TRAINING(given["preset"], given["batch"], 1, "cpu")
networks = {"generator": training.generator, "discriminator": training.discriminator}
for name, network in networks.items():
    state = network.state_dict()
    for key, value in state.items():
        if not key.endswith("num_batches_tracked"):
            value.copy_(tensor(given["state"][f"{name}.{key}"]).view(value.shape))
training.images = tensor(given["images"], torch.uint8).view(-1, 28, 28, 1)
latents = iter(tensor(given["latents"]).split(given["batch"] * LATENT))
training.latents = lambda: next(latents).view(-1, LATENT)
losses = [[float(loss) for loss in training.step()] for _ in range(given["steps"])]
state = {
    f"{name}.{key}": base64.b64encode(value.numpy().tobytes()).decode()
    for name, network in networks.items() for key, value in network.state_dict().items()
}
json.dump({"losses": losses, "state": state}, sys.stdout)
`;

const why = existsSync(PYTHON) ? '' : ' [skipped: no PyTorch; `pnpm bench engines` installs it]';

test.skipIf(why).each([
  ['mlp', []],
  ['conv', []],
  ['conv', ['plain']],
] as const)(
  `PyTorch takes the same steps as ganport: %s %j${why}`,
  { timeout: 300_000 },
  async (preset, form) => {
    const config = resolveConfig([['the test', { preset, batch: BATCH }]]);
    const gan = resolveGan(config, { name: 'the test', channels: 1, height: 28, width: 28 });
    const images = Uint8Array.from({ length: BATCH * 784 }, (_, i) => (i * 7919) % 256);
    const data = { count: BATCH, read: () => images };
    const recipe = buildRecipe(gan, config, data);
    const initial = initialState(recipe, 0);
    const latents = latentBatch(0, 0, 2 * STEPS * BATCH, 100, { stream: STREAM.training });

    const text = (data: Uint8Array | Float32Array) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', PROGRAM, ...form], {
      input: JSON.stringify({
        ...{ preset, batch: BATCH, steps: STEPS, images: text(images), latents: text(latents) },
        state: Object.fromEntries(Object.entries(initial).map(([k, v]) => [k, text(v)])),
      }),
      env: { ...process.env, PYTHONPATH: GAN },
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    expect(stdout, stderr).not.toBe('');
    const theirs = JSON.parse(stdout) as { losses: number[][]; state: Record<string, string> };

    const engine = await createEngine(recipe, initial, {
      ...{ engine: 'onnxruntime', device: 'cpu', threads: 1 },
    });
    try {
      for (const [i, [d, g]] of theirs.losses.entries()) {
        const { dLoss, gLoss } = await engine.step(await feedsAt(recipe, i + 1));
        // Once rounding flips a ReLU of conv's, the runs part: by 7e-5 after 20 steps.
        expect(dLoss).toBeCloseTo(d!, 3);
        expect(gLoss).toBeCloseTo(g!, 3);
      }
      const ours = await engine.state();
      for (const { name } of recipe.state) {
        if (name.startsWith('adam')) continue;
        const bytes = Buffer.from(theirs.state[name]!, 'base64');
        const apart = Array.from(ours[name]!, (x, i) => Math.abs(x - bytes.readFloatLE(4 * i)));
        apart.sort((x, y) => x - y);
        // Where a gradient is rounding noise, Adam still moves a weight by its rate: either way.
        expect(apart.at(-1), name).toBeLessThan(2 * LEARNING_RATE * STEPS);
        // Half of them are far closer than one wrong step, of 3e-4, would leave them.
        if (!BEFORE_NORM.test(name)) expect(apart[apart.length >> 1], name).toBeLessThan(5e-5);
      }
    } finally {
      await engine.close();
    }
  },
);
