/** Penalties against the discriminator's slopes, by finite differences. Their gradients: recipe-gradients.slow.test.ts. */
import { lowerNetwork } from '@ganport/model';
import { input, sizeOf } from '@ganport/onnx';
import { afterEach, describe, expect, test } from 'vitest';
import { PENALTIES, type Penalty, type PenaltyName } from '../src/recipe/penalties.ts';
import { type Graph, numbers, openGraph } from './graphs.ts';
import { BATCH, ganOf, IMAGE } from './small-gan.ts';

const DISTANCE = 2 ** -8;

const opened: Graph[] = [];

afterEach(async () => {
  for (const graph of opened.splice(0)) await graph.close();
});

describe('a penalty is what it says of the slopes of the discriminator', () => {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const pixels = sizeOf(IMAGE);
  const real = numbers(BATCH * pixels, 1);
  const fake = numbers(BATCH * pixels, 2);
  const shares = [0.25, 0.875];
  const between = fake.map((x, i) => {
    const share = shares[Math.floor(i / pixels)]!;
    return share * real[i]! + (1 - share) * x;
  });

  const { discriminator } = ganOf();
  const parameters = discriminator.parameters.map(({ name, shape }) => {
    return [name, input(name, 'float32', shape)] as const;
  });
  const weights = Object.fromEntries(parameters);
  const critic = (image: ReturnType<typeof input>) =>
    lowerNetwork(discriminator, { image }, weights, { training: true }).outputs.output;
  const numbersOf = Object.fromEntries(
    discriminator.parameters.map(({ name, shape }, salt) => [name, numbers(sizeOf(shape), salt)]),
  );

  /** Lengths of the discriminator's slopes at images, by central differences. */
  async function slopesAt(images: readonly number[]): Promise<number[]> {
    const image = input('image', 'float32', [BATCH, ...IMAGE]);
    const graph = await openGraph({ image, ...weights }, { outputs: critic(image) });
    opened.push(graph);
    const squares = new Array<number>(BATCH).fill(0);
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      // Each image has an output of its own, so all can move at once.
      const moved = async (by: number) => {
        const image = images.map((x, i) => (i % pixels === pixel ? x + by : x));
        return (await graph.run({ ...numbersOf, image })).outputs!;
      };
      const [right, left] = [await moved(DISTANCE), await moved(-DISTANCE)];
      right.forEach((x, n) => {
        squares[n]! += ((x - left[n]!) / (2 * DISTANCE)) ** 2;
      });
    }
    return squares.map(Math.sqrt);
  }

  const rows: Record<PenaltyName, () => Promise<number>> = {
    gradient: async () => mean((await slopesAt(between)).map((slope) => (slope - 1) ** 2)),
    r1: async () => mean((await slopesAt(real)).map((slope) => slope ** 2)) / 2,
    r2: async () => mean((await slopesAt(fake)).map((slope) => slope ** 2)) / 2,
  };

  test.each(Object.keys(PENALTIES) as PenaltyName[])('%s', async (name) => {
    const images = ['real', 'fake'].map((side) => input(side, 'float32', [BATCH, ...IMAGE]));
    const share = input('share', 'float32', [BATCH, 1, 1, 1]);
    const asked: unknown[] = [];
    const penalty: Penalty = PENALTIES[name];
    const value = penalty({
      critic,
      real: images[0]!,
      fake: images[1]!,
      random: (...of) => {
        asked.push(of);
        return share;
      },
    });
    const used = { gradient: { real, fake, share: shares }, r1: { real }, r2: { fake } }[name];
    const inputs = { real: images[0]!, fake: images[1]!, share };
    const given = Object.keys(used) as (keyof typeof inputs)[];
    const graph: Graph = await openGraph(
      { ...Object.fromEntries(given.map((key) => [key, inputs[key]])), ...weights },
      { value },
    );
    opened.push(graph);
    const got = (await graph.run({ ...numbersOf, ...used })).value![0]!;
    const expected = await rows[name]();
    expect(expected).toBeGreaterThan(0.05);
    expect(got / expected).toBeCloseTo(1, 3);
    expect(asked).toEqual(name === 'gradient' ? [['share', [BATCH, 1, 1, 1], 'uniform']] : []);
  });
});
