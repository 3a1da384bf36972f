import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { resolveNetwork } from '../src/network.ts';

const awkward = fc.constantFrom('x', '0', 'z', '__proto__', 'constructor', 'a\nb', '\u001b[31m');
const size = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: 1, max: 3 }) },
  fc.constantFrom(-1, 0, 0.5, 16, 65_536, 1e9, Number.NaN, '2', null),
);
const pair = fc.oneof(size, fc.tuple(size, size));
/** The record, with any of these keys beside it now and then. */
const sometimes = (all: fc.Arbitrary<object>, keys: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(
      all,
      fc.oneof(
        { weight: 6, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.record(keys, { requiredKeys: [] }) },
      ),
    )
    .map(([required, others]) => ({ ...required, ...others }));
const layer = (type: string, options: Record<string, fc.Arbitrary<unknown>>) =>
  sometimes(fc.record({ type: fc.constant(type), ...options }), {
    name: awkward,
    from: awkward,
    stray: size,
  });
const window = { kernel: pair, stride: pair };
/** Right in most of their options; what they take, they often cannot use. */
const layers = fc.oneof(
  ...['relu', 'flatten', 'batchNorm', 'add', 'concat', 'swish'].map((type) => layer(type, {})),
  layer('dense', { units: size }),
  layer('embedding', { units: size }),
  layer('conv2d', { ...window, filters: size, pad: pair }),
  layer('convTranspose2d', { ...window, filters: size, pad: pair }),
  layer('avgPool2d', window),
  layer('upsample2d', { scale: size }),
  layer('reshape', { shape: fc.array(size, { minLength: 1, maxLength: 3 }) }),
);
const shape = fc.array(size, { minLength: 1, maxLength: 3 });
const label = fc.record({ classes: size });
const network = sometimes(
  fc.record({
    inputs: fc.dictionary(awkward, fc.oneof({ weight: 4, arbitrary: shape }, label), {
      minKeys: 1,
      maxKeys: 2,
    }),
    layers: fc.array(layers, { minLength: 1, maxLength: 3 }),
  }),
  { output: awkward, outputs: fc.dictionary(awkward, awkward, { maxKeys: 2 }) },
);

test.each([
  ['networks', network, 200],
  ['any value', fc.oneof(fc.jsonValue(), fc.anything()), 0],
])('whatever the JSON, nothing but a ModelError is thrown: %s', (_, arbitrary, least) => {
  let valid = 0;
  fc.assert(
    fc.property(arbitrary, (spec) => {
      try {
        const { layers, outputs } = resolveNetwork(spec, 'net');
        const dims = [...layers, ...Object.values(outputs)].flatMap(({ shape }) => shape);
        expect(dims.filter((dim) => !(Number.isSafeInteger(dim) && dim > 0))).toEqual([]);
        valid += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError);
        const { message } = error as Error;
        expect(message).not.toMatch(/\p{Cc}/u);
        expect(message.length).toBeLessThan(3000);
      }
    }),
    { seed: 20_261_123, numRuns: 3000 },
  );
  // Else the shapes of valid networks would hardly be tried.
  expect(valid).toBeGreaterThanOrEqual(least);
});
