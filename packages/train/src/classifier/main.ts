/**
 * Trains models/mnist-classifier.onnx, and prints its accuracy and SHA-256:
 * `pnpm --filter @ganport/train train-classifier TRAIN TEST`, two folders or files of IDX digits.
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { numbersOf, randomSequence, STREAM } from '@ganport/model';
import { writeFileAtomic } from '@ganport/model/node';
import { buildModel, constant, encodeModel, float32, input } from '@ganport/onnx';
import { openProgram } from '@ganport/runtime/node';
import { batchOrder } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadIdx } from '../data/idx-dataset.ts';
import type { State } from '../engine.ts';
import { createEngine } from '../engines.ts';
import { classAccuracy } from '../evaluate/class-scores.ts';
import { createExtractor } from '../evaluate/extractor.ts';
import { feedsAt } from '../recipe/index.ts';
import { initialState } from '../recipe/state.ts';
import { distort } from './distort.ts';
import { CLASSES, classifierRecipe, classify, NETWORK, SIZE, stateName } from './recipe.ts';

const FILE = fileURLToPath(new URL('../../models/mnist-classifier.onnx', import.meta.url));
const [BATCH, STEPS, SEED] = [128, 2000, 0];
const ADAM = { learningRate: 3e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

async function main([trainPath, testPath]: readonly string[]): Promise<void> {
  if (!trainPath || !testPath) throw new Error('expected two paths: digits to train and to test');
  const [train, test] = [await loadIdx(trainPath), await loadIdx(testPath)];
  const order = batchOrder(SEED, BATCH, train.count);
  const recipe = classifierRecipe({
    ...{ batch: BATCH, steps: STEPS, seed: SEED, adam: ADAM },
    async batchAt(step) {
      const indices = order(step - 1);
      const random = randomSequence(SEED, STREAM.noise, step);
      const labels = BigInt64Array.from(indices, (index) => BigInt(train.labels![index]!));
      return { bytes: distort(await train.read(indices), SIZE, random), labels };
    },
  });
  const options = { engine: 'onnxruntime', device: 'cpu', threads: 2 } as const;
  const engine = await createEngine(recipe, initialState(recipe, SEED), options);
  try {
    for (let step = 1; step <= STEPS; step++) {
      const { loss } = await engine.step(await feedsAt(recipe, step));
      if (step % 250 === 0) console.log(`step ${step} of ${STEPS}: loss ${loss!.toFixed(4)}`);
    }
    const model = modelOf(await engine.state());
    await writeFileAtomic(FILE, model);
    const accuracy = await accuracyOf(model, test);
    console.log(`${(100 * accuracy).toFixed(2)} % of ${test.count} test digits are right`);
    console.log(`${FILE}: ${model.length} bytes, SHA-256 ${sha256(model)}`);
  } finally {
    await engine.close();
  }
}

function modelOf(state: State): Uint8Array {
  const weights = NETWORK.parameters.map(({ name, shape }) => {
    return [name, constant(float32(state[stateName(name)]!, shape), name)] as const;
  });
  const image = input('image', 'float32', ['N', 1, SIZE, SIZE]);
  const { output: logits, features } = classify(image, Object.fromEntries(weights));
  return encodeModel(
    buildModel({
      name: 'mnist_classifier',
      inputs: [image],
      outputs: { features: features!, logits },
    }),
  );
}

/** The share of images whose class the file itself tells. */
async function accuracyOf(model: Uint8Array, { count, read, labels }: Dataset): Promise<number> {
  const program = await openProgram(model, { device: 'cpu' });
  try {
    const size = { channels: 1, height: SIZE, width: SIZE };
    const { extract } = createExtractor(program, { size, what: FILE });
    const all = Uint32Array.from({ length: count }, (_, i) => i);
    const { logits } = await extract(numbersOf(await read(all), [1, SIZE, SIZE]));
    return classAccuracy(logits!, CLASSES, labels!);
  } finally {
    await program.close();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

await main(process.argv.slice(2));
