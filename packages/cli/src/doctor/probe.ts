/**
 * Trains with the engine on the device that its arguments name, and tells its parent how fast. In a
 * process of its own: what a driver prints, or that it hangs or crashes, then stays there.
 */
import type { EngineName } from '@ganport/model/node';
import { type Device, explainDeviceError, probeDevice } from '@ganport/runtime/node';
import {
  buildRecipe,
  createEngine,
  defaultThreads,
  EngineError,
  feedsAt,
  initialState,
  resolveConfig,
  resolveGan,
} from '@ganport/train';
import type { Measured, ProbeStatus } from './status.ts';

const STEPS = 20;
/** A network that needs longer is stopped; after the tiny one, the other is not tried. */
const MOST_MS = 10_000;
/** A GPU needs a fraction of this, and its renderer in software a multiple. */
const TINY_MOST_MS = { cpu: 2000, webgpu: 500, cuda: 500 };

const dense = (units: number) => ({ type: 'dense', units }) as const;

/** So small that a GPU rendered in software trains it in seconds. */
const TINY = {
  preset: 'mlp',
  name: 'a tiny network',
  batch: 16,
  generator: {
    inputs: { z: [16] },
    layers: [dense(784), { type: 'tanh' }, { type: 'reshape', shape: [1, 28, 28] }],
  },
  discriminator: {
    inputs: { image: [1, 28, 28] },
    layers: [{ type: 'flatten' }, dense(16), { type: 'leakyRelu', slope: 0.2 }, dense(1)],
  },
};
const MLP = { preset: 'mlp', batch: 64 };

/** Other bytes for each index. */
const IMAGES = {
  count: 1024,
  read: (indices: Uint32Array) =>
    Uint8Array.from({ length: indices.length * 784 }, (_, i) => i * indices[Math.floor(i / 784)]!),
};

const IMAGE = { name: 'the probe', channels: 1, height: 28, width: 28 } as const;

const [engine, device] = process.argv.slice(2) as [EngineName, Device];
// Without its parent there is nobody to tell.
process.on('disconnect', () => process.exit());
try {
  await probe();
} catch (error) {
  const { why, remedy } = error instanceof EngineError ? error : explainDeviceError(error, device);
  tell({ works: false, why, remedy }, true);
}

async function probe(): Promise<void> {
  if (engine === 'onnxruntime') {
    const status = await probeDevice(device);
    if (!status.works) return tell(status, true);
  }
  const tiny = await measure(TINY, MOST_MS);
  const slow = tiny.speed.seconds * 1000 > TINY_MOST_MS[device];
  tell({ works: true, ...tiny }, slow);
  if (!slow) tell({ works: true, ...(await measure(MLP, MOST_MS)) }, true);
}

/** @param most milliseconds after which no further steps are begun */
async function measure(
  settings: typeof TINY | typeof MLP,
  most: number,
): Promise<{ description: string; speed: Measured }> {
  const config = resolveConfig([['the probe', settings]]);
  const { name, batch, seed } = config;
  const recipe = buildRecipe(resolveGan(config, IMAGE), config, IMAGES);
  const created = await createEngine(recipe, initialState(recipe, seed), {
    engine,
    device,
    threads: defaultThreads(),
  });
  try {
    const run = async (step: number) => {
      const { dLoss, gLoss } = await created.step(await feedsAt(recipe, step));
      if (Number.isFinite(dLoss! + gLoss!)) return;
      throw new Error(`it computes wrongly: losses of ${dLoss} and ${gLoss}`);
    };
    // The first step also allocates and compiles.
    await run(1);
    const start = performance.now();
    let steps = 0;
    while (steps < STEPS && performance.now() - start < most) await run(2 + steps++);
    const seconds = (performance.now() - start) / 1000;
    const speed = { network: name, batch, steps, seconds, stepsPerSecond: steps / seconds };
    return { description: created.description, speed };
  } finally {
    await created.close();
  }
}

function tell(status: ProbeStatus, last: boolean): void {
  // Sent, and the channel with it, before a driver may crash on the way out.
  process.send!({ status, last }, () => last && process.exit());
}
