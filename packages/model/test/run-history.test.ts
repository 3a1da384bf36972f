/** How a run was before what was changed when it was resumed. */
import { expect, test } from 'vitest';
import { type Run, runSchema } from '../src/run-folder.ts';
import { changesAt, runAt } from '../src/run-history.ts';

const network = { inputs: { z: [2] }, layers: [{ type: 'tanh' }] };
const runWith = (config: object, rest: object = {}): Run =>
  runSchema.parse({
    ...{ format: 1, dataset: { name: 'x', count: 1, sha256: 'ab' }, versions: {} },
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 2, ...rest },
    config: { name: 'x', seed: 1, generator: network, discriminator: network, ...config },
  });

const first = runWith({ steps: 10, adam: { learningRate: 0.1 }, every: { metrics: 1 } });
const second = runWith(
  { steps: 20, adam: { learningRate: 0.01 }, every: { metrics: 1 }, dataDir: '/data' },
  { threads: 4 },
);
const third = runWith({ ...second.config, adam: { learningRate: 0.001 } }, { device: 'cuda' });

const early = changesAt(4, first, second);
const late = changesAt(8, second, third);

test('changes are those of what may change, with the step', () => {
  expect(early).toEqual([
    { step: 4, field: 'config.steps', from: 10, to: 20 },
    { step: 4, field: 'config.dataDir', from: undefined, to: '/data' },
    { step: 4, field: 'config.adam.learningRate', from: 0.1, to: 0.01 },
    { step: 4, field: 'threads', from: 2, to: 4 },
  ]);
  expect(late.map(({ field }) => field)).toEqual(['config.adam.learningRate', 'device', 'threads']);
  expect(changesAt(4, first, runWith({ ...first.config, seed: 2 }))).toEqual([]);
});

test('a run is as it was at any step, also after it was written', () => {
  const run = { ...third, history: [...early, ...late] };
  const written = runSchema.parse(JSON.parse(JSON.stringify(run)));
  for (const is of [run, written]) {
    expect(runAt(is, 9)).toEqual(is);
    expect(runAt(is, 8)).toEqual({ ...second, history: early });
    expect(runAt(is, 5)).toEqual({ ...second, history: early });
    expect(runAt(is, 4)).toEqual(first);
    expect(runAt(is, 0)).toEqual(first);
  }
});

test('a change of what is not there is nothing to undo', () => {
  const odd = { step: 1, field: 'config.every.metrics', from: 3, to: 4 } as const;
  const without = runWith({});
  expect(runAt({ ...without, history: [odd] }, 0)).toEqual(without);
});
