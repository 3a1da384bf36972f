/** What is said when training goes wrong, and that nothing is while it goes as it should. */
import { expect, test } from 'vitest';
import { createAlarm, type Sight } from '../src/alarm.ts';

const adam = { learningRate: 0.05, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 };
const healthy = { dLoss: 0.9, gLoss: 1.5, dReal: 0.7, dFake: 0.3 };
const beaten = { dLoss: 0.001, dReal: 0.9995, dFake: 0.0005 };
const images = (level: number) => new Float32Array(8).fill(level);

function alarm(settings: Partial<Parameters<typeof createAlarm>[0]> = {}) {
  const told: string[] = [];
  const config = { loss: 'bce', adam, discriminatorSteps: 1, classes: false, ...settings } as const;
  const { step, look, standing } = createAlarm(config, (line) => told.push(line));
  /** Pictures whose level is their own. */
  const sight = (at: number, seen: Partial<Sight>) =>
    look(at, { images: images(at / 1000), variety: 1, ...seen });
  const steps = (from: number, to: number, metrics: Record<string, number>) => {
    for (let t = from; t <= to; t++) step(t, { ...healthy, ...metrics });
  };
  return { told, steps, look, sight, standing };
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

test('pictures that stay alike are told of after a thousand steps, until they differ', () => {
  // As mlp's on MNIST are, with seed 0.
  const { told, sight, standing } = alarm();
  sight(50, { variety: 0.17 });
  for (let step = 100; step <= 1000; step += 50) sight(step, { variety: 0.045 });
  expect(told).toEqual([]);
  sight(1100, { variety: 0.05 });
  expect(told).toEqual([
    expect.stringContaining('step 1100: pictures have been nearly the same one since step 100 '),
  ]);
  // Nor are they other for a moment between the bounds.
  sight(1150, { variety: 0.12 });
  sight(1200, { variety: 0.05 });
  expect(standing()).toHaveLength(1);
  sight(1250, { variety: 0.2 });
  expect(standing()).toEqual([]);
  sight(1300, { variety: 0.05 });
  sight(2200, { variety: 0.05 });
  expect(told).toHaveLength(1);
  sight(2300, { variety: 0.05 });
  expect(told).toHaveLength(2);
});

test('pictures of a class that stay alike are told of, with what helped', () => {
  // A generator with 50 numbers for the class beside z's 100, and a small rate; and a healthy one's beginning.
  const { told, sight, standing } = alarm({ classes: true });
  for (let step = 500; step < 1500; step += 100) sight(step, { variety: 0.14 });
  expect(told).toEqual([]);
  sight(1500, { variety: 0.14 });
  expect(told).toEqual([
    "step 1500: pictures of a class have been nearly the same one since step 500 (variety 0.14 of the data's); " +
      'whatever z, each class is drawn in one way; try fewer units for the class, or a higher learning rate, now 0.05',
  ]);
  sight(1600, { variety: 0.33 });
  expect(standing()).toEqual([]);
  const other = alarm({ classes: true });
  for (const variety of [0.21, 0.33, 0.44]) other.sight(500 + 2000 * variety, { variety });
  expect(other.told).toEqual([]);
});

test('a discriminator that has won is told once, until it is beaten again', () => {
  const { told, steps, standing } = alarm({ discriminatorSteps: 5 });
  steps(1, 49, beaten);
  expect(told).toEqual([]);
  steps(50, 300, beaten);
  expect(told).toEqual([
    'step 50: the discriminator tells all images apart (D(fake) has been below 0.01 in 38 of 50 steps), so the ' +
      'generator learns nothing; try a lower learning rate, now 0.05, or fewer discriminator steps, now 5',
  ]);
  expect(standing()).toHaveLength(1);
  // Nor is it beaten by a step now and then.
  steps(301, 320, {});
  expect(standing()).toHaveLength(1);
  steps(321, 340, {});
  expect(standing()).toEqual([]);
  steps(341, 400, { ...beaten, dFake: 0.005 });
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
  expect(told).toEqual([
    expect.stringContaining('(its loss has been below 0.01 in 38 of 50 steps)'),
  ]);
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
    steps(step, step + 36, { ...beaten, gLoss: 5000 });
    steps(step + 37, step + 49, {});
  }
  expect(told).toEqual([]);
});

test('a generator that is lost', () => {
  const { told, steps } = alarm();
  steps(1, 60, { gLoss: 80 });
  expect(told).toEqual([
    'step 50: the generator is lost (its loss has been above 50 in 38 of 50 steps); try a lower learning rate, now 0.05',
  ]);
});

test('a discriminator that is fooled', () => {
  // As measured: MNIST with a hundredth of the generator's rate for the discriminator.
  const slow = { dLoss: 2.1, dReal: 0.51, dFake: 0.75 };
  const { told, steps } = alarm({ discriminatorRate: 0.01 });
  steps(1, 60, slow);
  expect(told).toEqual([
    'step 50: the discriminator is fooled (it took generated images for more real than real ones in 38 of 50 steps), so ' +
      'the generator learns nothing; try a higher discriminatorRate, now 0.01, or more discriminator steps, now 1',
  ]);
  // Near the balance that training ends in, it is wrong in half of the steps.
  const balanced = alarm();
  for (let t = 1; t < 400; t++) balanced.steps(t, t, { dReal: 0.5, dFake: t % 3 ? 0.51 : 0.49 });
  expect(balanced.told).toEqual([]);
  const relativistic = alarm({ loss: 'relativistic' });
  relativistic.steps(1, 100, slow);
  expect(relativistic.told).toEqual([]);
});

test('pictures that become alike', () => {
  const { told, sight, standing } = alarm();
  // Noise of a young generator, whose first pictures are more alike.
  sight(50, { variety: 0.2 });
  sight(80, { variety: 0.04 });
  sight(100, { variety: 0.4 });
  sight(200, { variety: 0.8 });
  sight(300, { variety: 0.25 });
  expect(told).toEqual([]);
  sight(400, { variety: 0.19 });
  expect(told).toEqual([
    "step 400: pictures become alike (variety 0.19 of the data's, once 0.80): the generator draws fewer kinds; " +
      'try a lower learning rate, now 0.05, another --seed, or another --loss',
  ]);
  sight(500, { variety: 0.25 });
  expect(standing()).toEqual(told);
  sight(600, { variety: 0.3 });
  expect(standing()).toEqual([]);
});

test('pictures of fewer classes', () => {
  const { told, sight, standing } = alarm();
  const data = 9.9;
  // At first noise is of some, then all are taken for one.
  for (const [i, pictures] of [3.9, 1.2, 8.9, 9.2, 5].entries()) {
    sight(100 * (i + 1), { kinds: { pictures, data } });
  }
  expect(told).toEqual([]);
  sight(600, { kinds: { pictures: 4.26, data } });
  expect(told).toEqual([
    "step 600: pictures are of fewer classes (as many as 4.3 of the data's 9.9, once 9.2): the generator loses modes; " +
      'try a lower learning rate, now 0.05, another --seed, or another --loss',
  ]);
  sight(650, {});
  expect(standing()).toHaveLength(1);
  sight(700, { kinds: { pictures: 6, data } });
  expect(standing()).toEqual([]);
});

test('a gradient of the generator that vanishes', () => {
  const { told, sight, standing } = alarm({ loss: 'minimax', discriminatorSteps: 5 });
  // Second moments remember what first ones have forgotten.
  sight(50, { gradient: { now: 2e-3, before: 1e-2 } });
  sight(100, { gradient: { now: 1.1e-5, before: 8e-3 } });
  expect(told).toEqual([]);
  sight(200, { gradient: { now: 1e-6, before: 8e-6 } });
  expect(told).toEqual([
    "step 200: the generator's gradient has vanished (1e-6, once 1e-2), so it learns nothing; " +
      'try another --loss, now minimax, or fewer discriminator steps, now 5',
  ]);
  // Between checkpoints it is not known.
  sight(250, {});
  expect(standing()).toEqual(told);
  sight(300, { gradient: { now: 1e-3, before: 1e-3 } });
  expect(standing()).toEqual([]);
});

test('pictures that are all the same', () => {
  const { told, look, standing } = alarm();
  look(49, { images: images(0), variety: 0 });
  expect(told).toEqual([]);
  look(100, { images: images(0.1), variety: 0.0012 });
  look(200, { images: images(0.2), variety: 0.02 });
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
