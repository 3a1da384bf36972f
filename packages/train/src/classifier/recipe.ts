/** The classifier whose features images of digits are compared by: its network, and the step that trains it. */
import { bytesToNumbers, lowerNetwork, type NetworkSpec, resolveNetwork } from '@ganport/model';
import { input, type Value } from '@ganport/onnx';
import { ADAM_SLOTS, type AdamOptions, adamRates, countAdamRates } from '../recipe/adam.ts';
import { crossEntropy } from '../recipe/cross-entropy.ts';
import { createDraft } from '../recipe/draft.ts';
import { createPlayer, declareSlots } from '../recipe/player.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { rateFactor } from '../recipe/schedules.ts';

export const CLASSES = 10;
export const SIZE = 28;

const relu = { type: 'relu' } as const;
const halved = { type: 'avgPool2d', kernel: 2 } as const;
const block = (filters: number, kernel: number) =>
  [
    { type: 'conv2d', filters, kernel, pad: (kernel - 1) / 2, bias: false },
    { type: 'batchNorm' },
    relu,
    halved,
  ] as const;

/** image [1, 28, 28] → features [64] → logits [10]. */
const SPEC: NetworkSpec = {
  inputs: { image: [1, SIZE, SIZE] },
  layers: [
    ...block(16, 5),
    ...block(32, 3),
    ...block(64, 3),
    { type: 'flatten' },
    { type: 'dense', units: 64 },
    { ...relu, name: 'features' },
    { type: 'dropout', rate: 0.3 },
    { type: 'dense', units: CLASSES },
  ],
  outputs: { features: 'features' },
};

export const NETWORK = resolveNetwork(SPEC, 'classifier');

const PREFIX = 'classifier';

/** Those of its parameters in a state, by name. */
export const stateName = (parameter: string) => `${PREFIX}.${parameter}`;

export interface ClassifierOptions {
  batch: number;
  steps: number;
  seed: number;
  adam: AdamOptions;
  /** Images [batch, 28, 28, 1] and labels [batch] of a step, counted from 1. */
  batchAt(step: number): Promise<{ bytes: Uint8Array; labels: BigInt64Array }>;
}

/** Cross-entropy minimised by Adam, whose rate falls as half a cosine to 0. */
export function classifierRecipe(options: ClassifierOptions): Recipe {
  const { batch, steps, seed, adam, batchAt } = options;
  const draft = createDraft(seed);
  const player = createPlayer(draft, PREFIX, NETWORK);
  for (const slot of ADAM_SLOTS) declareSlots(draft, slot, PREFIX, NETWORK);
  const bytes = draft.feed(
    'images',
    'uint8',
    [batch, SIZE, SIZE, 1],
    async (step) => (await batchAt(step)).bytes,
  );
  const labels = draft.feed('labels', 'int64', [batch], async (step) => {
    return (await batchAt(step)).labels;
  });
  const rates = draft.feed('rates', 'float32', [countAdamRates(adam)], (step) => {
    const rate = adam.learningRate * rateFactor({ type: 'cosine', steps, end: 0 }, step);
    return Float32Array.from(adamRates(step, rate, adam));
  });
  const weights = player.weights();
  const { output: logits } = player.pass('pass', { image: bytesToNumbers(bytes) }, weights);
  const loss = crossEntropy(logits, labels);
  player.minimise(loss, weights, rates, adam);
  const now = NETWORK.parameters.map(({ name }) => [name, draft.initial(stateName(name))] as const);
  // The engine calls what it draws "image".
  const seen = input('seen', 'float32', ['N', 1, SIZE, SIZE]);
  const { output } = classify(seen, Object.fromEntries(now));
  return draft.finish({ metrics: { loss }, sampler: { z: seen, image: output } });
}

/** The classifier as it judges: image float32 [N, 1, 28, 28] in −1…1 → output [N, 10], features [N, 64]. */
export function classify(image: Value, weights: Readonly<Record<string, Value>>) {
  return lowerNetwork(NETWORK, { image }, weights, { training: false }).outputs;
}
