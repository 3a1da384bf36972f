/** What is said when training goes wrong, and that nothing is while it goes as it should. */
import { expect, test } from 'vitest';
import { createAlarm } from '../src/alarm.ts';

const adam = { learningRate: 0.05, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 };
const healthy = { dLoss: 0.9, gLoss: 1.5 };
const images = (level: number) => new Float32Array(8).fill(level);

function alarm(settings: Partial<Parameters<typeof createAlarm>[0]> = {}) {
  const told: string[] = [];
  const config = { loss: 'bce', adam, discriminatorSteps: 1, ...settings } as const;
  const { step, look, standing } = createAlarm(config, (line) => told.push(line));
  const steps = (from: number, to: number, metrics: Record<string, number>) => {
    for (let t = from; t <= to; t++) step(t, { ...healthy, ...metrics });
  };
  return { told, steps, look, standing };
}

test('healthy losses and pictures are no reason to speak', () => {
  const { told, steps, look, standing } = alarm();
  for (let step = 50; step <= 1000; step += 50) {
    steps(step - 49, step, { dLoss: 0.02, gLoss: 10 });
    look(step, { images: images(step / 1000), variety: 0.06 });
  }
  expect(told).toEqual([]);
  expect(standing()).toEqual([]);
});

test('a discriminator that has won is told once, until it is beaten again', () => {
  const { told, steps, standing } = alarm({ discriminatorSteps: 5 });
  steps(1, 49, { dLoss: 0 });
  expect(told).toEqual([]);
  steps(50, 300, { dLoss: 0 });
  expect(told).toEqual([
    'step 50: the discriminator tells all images apart (its loss has been below 0.01 for 50 steps), so the ' +
      'generator learns nothing; try a lower learning rate, now 0.05, or fewer discriminator steps, now 5',
  ]);
  expect(standing()).toHaveLength(1);
  steps(301, 301, {});
  expect(standing()).toEqual([]);
  steps(302, 360, { dLoss: 0.005 });
  expect(told).toHaveLength(2);
});

test("a critic's loss below 0 is no victory", () => {
  const { told, steps } = alarm({ loss: 'wasserstein' });
  steps(1, 100, { dLoss: -5, gLoss: 900 });
  expect(told).toEqual([]);
});

test('a loss that is out of bounds for a moment is no alarm', () => {
  const { told, steps } = alarm();
  for (let step = 0; step < 500; step += 50) {
    steps(step, step + 48, { dLoss: 0, gLoss: 5000 });
    steps(step + 49, step + 49, {});
  }
  expect(told).toEqual([]);
});

test('a generator that is lost', () => {
  const { told, steps } = alarm();
  steps(1, 60, { gLoss: 80 });
  expect(told).toEqual([
    'step 50: the generator is lost (its loss has been above 50 for 50 steps); try a lower learning rate, now 0.05',
  ]);
});

test('pictures that are all the same', () => {
  const { told, look, standing } = alarm();
  look(49, { images: images(0), variety: 0 });
  expect(told).toEqual([]);
  look(100, { images: images(0.1), variety: 0.0012 });
  look(200, { images: images(0.2), variety: 0.04 });
  expect(told).toEqual([
    "step 100: all pictures are nearly the same one (variety 0.001 of the data's): the generator has collapsed; " +
      'try a lower learning rate, now 0.05, another --seed, or another --loss',
  ]);
  expect(standing()).toEqual(told);
  look(300, { images: images(0.3), variety: 0.5 });
  expect(standing()).toEqual([]);
});

test('pictures that stand still', () => {
  const { told, look } = alarm();
  look(100, { images: images(0.5), variety: 1 });
  look(120, { images: images(0.5), variety: 1 });
  expect(told).toEqual([]);
  look(150, { images: images(0.50001), variety: 1 });
  expect(told).toEqual([
    'step 150: the pictures have not changed since step 100: the generator is dead; try a lower learning rate, now 0.05',
  ]);
});
