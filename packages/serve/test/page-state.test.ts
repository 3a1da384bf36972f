/** The page's address and its code, apart from any browser. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GeneratorMetadata, MAX_SEED } from '../../model/src/index.ts';
import { codeFor } from '../web/code.ts';
import { nextOf } from '../web/grid.ts';
import { gridOf } from '../web/model.ts';
import { placeOf } from '../web/models.ts';
import { FIRST, readState, type State, VIEWS, writeState } from '../web/state.ts';

const CLASSES = ['T-shirt', 'a&b "c"', '=,7'];
const metadata = {
  name: 'it’s <small>',
  image: { width: 28, height: 28, channels: 1, output: 'uint8' },
  classes: CLASSES,
  codes: { kind: { categories: 3 }, tilt: 'normal' },
} as unknown as GeneratorMetadata;

const COUNT = 60;
const index = fc.nat({ max: COUNT - 1 });
const state: fc.Arbitrary<State> = fc.record({
  view: fc.constantFrom(...VIEWS),
  seed: fc.nat({ max: MAX_SEED }),
  label: fc.option(fc.nat({ max: CLASSES.length - 1 }), { nil: undefined }),
  codes: fc.record(
    { kind: fc.nat({ max: 2 }), tilt: fc.constantFrom(-6, -0.5, 0, 2.25) },
    { requiredKeys: [] },
  ),
  truncation: fc.constantFrom(undefined, 0.1, 2.5, 6),
  from: index,
  to: index,
  picture: fc.option(index, { nil: undefined }),
});

test('an address says all that is shown, and what is not the page’s stays in it', () => {
  fc.assert(
    fc.property(state, (shown) => {
      const written = writeState(new URLSearchParams('device=wasm&picture=9'), shown, metadata);
      const read = readState(new URLSearchParams(String(written)), metadata, COUNT);
      const ends = shown.view === 'between' ? {} : { from: FIRST.from, to: FIRST.to };
      expect(read).toEqual({ state: { ...shown, ...ends }, complaints: [] });
      expect(written.get('device')).toBe('wasm');
    }),
  );
});

test.each([
  ['seed=', 'seed: expected an integer from 0 to 9007199254740991, got ""'],
  ['seed=9007199254740992', 'seed: expected an integer'],
  ['class=Shoe', 'there is no class "Shoe": expected T-shirt'],
  ['class=3', 'there is no class "3"'],
  ['code=kind', 'code: expected names and numbers'],
  ['code=kind=3', 'code "kind": expected an integer from 0 to 2, got 3'],
  ['code=other=1', 'there is no code "other": expected kind, tilt'],
  ['truncation=0', 'truncation: expected a number above 0 and up to 6, got "0"'],
  ['truncation=1e1', 'truncation: expected a number above 0'],
  ['view=all', 'view: expected pictures, difference, walk, between, got "all"'],
  ['from=60', 'from: expected an integer from 0 to 59, got "60"'],
  ['picture=-1', 'picture: expected an integer from 0 to 59'],
])('%s is told and left out', (query, reason) => {
  const read = readState(new URLSearchParams(`${query}&to=7`), metadata, COUNT);
  expect(read.state).toEqual({ ...FIRST, to: 7 });
  expect(read.complaints).toHaveLength(1);
  expect(read.complaints[0]).toContain(reason);
});

test('code has what is chosen, as each language writes it', () => {
  const wanted = { seed: 7, label: 1, codes: { tilt: -1.5 }, truncation: 0.5 };
  const options = { base: 'http://here/sub/', wanted, count: COUNT, metadata };
  const query = 'class=a%26b+%22c%22&code=tilt%3D-1.5&truncation=0.5';
  expect(codeFor('curl', { ...options, picture: 3 })).toBe(
    `curl -o seed-7-3.png 'http://here/sub/v1/images/7/3.png?${query}'`,
  );
  expect(codeFor('TypeScript', { ...options, picture: undefined })).toContain(
    "loadGenerator('http://here/sub/generator.onnx');\nconst pictures = await generator.sample({ seed: 7, count: 60, label: 1, codes: { tilt: -1.5 }, truncation: 0.5 });",
  );
  expect(codeFor('HTML', { ...options, picture: 3 })).toBe(
    `<img src="http://here/sub/v1/images/7/3.png?${query.replaceAll('&', '&amp;')}" width="28" height="28" alt="it’s &lt;small>, seed 7">`,
  );
});

test.each([
  [28, 28, 1, undefined, 64, 8],
  [28, 28, 1, 10, 60, 10],
  [28, 28, 1, 3, 63, 9],
  [28, 28, 1, 6, 60, 6],
  [28, 28, 1, 100, 64, 8],
  [512, 512, 3, undefined, 2, 2],
  [8192, 8192, 3, 10, 1, 1],
])('pictures of %i × %i × %i, of %s classes, are %i in %i columns', (...row) => {
  const [width, height, channels, classes, count, columns] = row;
  const names = classes && Array.from({ length: classes }, String);
  const image = { width, height, channels };
  const of = { image, classes: names } as unknown as GeneratorMetadata;
  expect(gridOf(of)).toEqual({ count, columns });
});

test('keys lead to the next picture, and nowhere beyond', () => {
  const grid = { count: 6, columns: 3 };
  const ways = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'a'].map((key) =>
    nextOf(key, 4, grid),
  );
  expect(ways).toEqual([3, 5, 1, undefined, 0, 5, undefined]);
});

test.each([
  ['/', '/', undefined],
  ['/index.html', '/', undefined],
  ['/behind/a/proxy/', '/behind/a/proxy/', undefined],
  ['/models/a%20b/', '/', 'a b'],
  ['/proxy/models/a/versions/2/', '/proxy/', 'a'],
])('the page at %s is of the service at %s, and of the model %s', (path, root, name) => {
  expect(placeOf(path)).toEqual({ root, name });
});
