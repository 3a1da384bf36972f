/** What is said when training goes wrong, and that nothing is while it goes as it should. */
import { expect, test } from 'vitest';
import { createAlarm } from '../src/alarm.ts';

const adam = { learningRate: 0.05, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 };
const healthy = { dLoss: 0.9, gLoss: 1.5, dReal: 0.7, dFake: 0.3 };
const beaten = { dLoss: 0.001, dReal: 0.9995, dFake: 0.0005 };
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
    steps(step - 49, step, { dLoss: 0.02, gLoss: 10, dReal: 0.995, dFake: 0.015 });
    look(step, { images: images(step / 1000), variety: 0.06 });
  }
  expect(told).toEqual([]);
  expect(standing()).toEqual([]);
});

test('a discriminator that has won is told once, until it is beaten again', () => {
  const { told, steps, standing } = alarm({ discriminatorSteps: 5 });
  steps(1, 49, beaten);
  expect(told).toEqual([]);
  steps(50, 300, beaten);
  expect(told).toEqual([
    'step 50: the discriminator tells all images apart (D(fake) has been below 0.01 for 50 steps), so the ' +
      'generator learns nothing; try a lower learning rate, now 0.05, or fewer discriminator steps, now 5',
  ]);
  expect(standing()).toHaveLength(1);
  steps(301, 301, {});
  expect(standing()).toEqual([]);
  steps(302, 360, { ...beaten, dFake: 0.005 });
  expect(told).toHaveLength(2);
});

test('it has won against a smoothed label too, whose loss stays above 0.3', () => {
  // As measured: MNIST with a learning rate of the discriminator that is 100 times the generator's.
  const smoothed = { dLoss: 0.33, dReal: 0.88, dFake: 0.0014 };
  const { told, steps } = alarm({ realLabel: 0.9 });
  steps(1, 50, smoothed);
  expect(told).toHaveLength(1);
  // Nor is it a victory to find nothing real.
  const plain = alarm();
  plain.steps(1, 100, smoothed);
  plain.steps(101, 200, { dLoss: 9, dReal: 0.0001, dFake: 0.0001 });
  expect(plain.told).toEqual([]);
});

test.each(['lsgan', 'hinge', 'relativistic'] as const)('with %s it has won by its loss', (loss) => {
  const { told, steps } = alarm({ loss });
  // Relativistic outputs mean nothing alone: those of both kinds may be high.
  steps(1, 50, { dLoss: 0.001, dReal: 0.99, dFake: 0.98 });
  expect(told).toEqual([expect.stringContaining('(its loss has been below 0.01 for 50 steps)')]);
});

test.each(['wasserstein', 'wgan'] as const)("%s: a critic's loss is no victory", (loss) => {
  const { told, steps } = alarm({ loss });
  steps(1, 100, { dLoss: -5, gLoss: 900, dReal: 12, dFake: 7 });
  // Clipped weights keep it near 0 at first.
  steps(101, 200, { dLoss: 0.002, gLoss: 0.01, dReal: -0.009, dFake: -0.007 });
  expect(told).toEqual([]);
});

test('a loss that is out of bounds for a moment is no alarm', () => {
  const { told, steps } = alarm();
  for (let step = 0; step < 500; step += 50) {
    steps(step, step + 48, { ...beaten, gLoss: 5000 });
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
