import { buildModel, encodeModel, gradients, input, type Value } from '@ganport/onnx';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { LOSSES } from '../src/index.ts';

const REAL = [2.5, -0.5, 80, -90];
const FAKE = [-1.5, 0.25, 90, -80];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
/** −log σ(x), exact where σ(x) underflows. */
const cost = (x: number) => (x < -30 ? -x : -Math.log(sigmoid(x)));

async function evaluate(outputs: (real: Value, fake: Value) => Record<string, Value>) {
  const [real, fake] = ['real', 'fake'].map((name) => input(name, 'float32', [4, 1]));
  const model = buildModel({
    name: 'loss',
    inputs: [real!, fake!],
    outputs: outputs(real!, fake!),
  });
  const session = await ort.InferenceSession.create(encodeModel(model));
  const tensor = (values: number[]) => new ort.Tensor('float32', Float32Array.from(values), [4, 1]);
  const result = await session.run({ real: tensor(REAL), fake: tensor(FAKE) });
  await session.release();
  return Object.fromEntries(
    Object.entries(result).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
  );
}

test('bce is the cross-entropy of labels 1 and 0, finite far from the boundary, and so are its gradients', async () => {
  const got = await evaluate((real, fake) => {
    const d = LOSSES.bce.discriminator(real, fake);
    const g = LOSSES.bce.generator(fake);
    const [dReal, dFake] = gradients(d, [real, fake]);
    return { d, g, dReal: dReal!, dFake: dFake!, gFake: gradients(g, [fake])[0]! };
  });
  expect(got.d![0]).toBeCloseTo(mean(REAL.map(cost)) + mean(FAKE.map((x) => cost(-x))), 4);
  expect(got.g![0]).toBeCloseTo(mean(FAKE.map(cost)), 4);
  const close = (values: number[], expected: number[]) => {
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  };
  close(
    got.dReal!,
    REAL.map((x) => (sigmoid(x) - 1) / 4),
  );
  close(
    got.dFake!,
    FAKE.map((x) => sigmoid(x) / 4),
  );
  close(
    got.gFake!,
    FAKE.map((x) => (sigmoid(x) - 1) / 4),
  );
});
