/** A run whose files stop fitting where they are kept. */
import { memoryStore, type RunStore } from '@ganport/model/run';
import { expect, test } from 'vitest';
import { whileItFits } from '../src/web/while-it-fits.ts';

const text = async (store: RunStore, file: string) =>
  new TextDecoder().decode(await store.read(file, 1000));

test('what cannot be written goes into memory, and what was kept stays as it was', async () => {
  const kept = memoryStore('mine');
  let full = false;
  const tight: RunStore = {
    ...kept,
    async write(file, data) {
      if (full) throw new Error(`cannot write mine/${file}: no space is left\nat all`);
      await kept.write(file, data);
    },
  };
  const told: string[] = [];
  const store = whileItFits(tight, (why) => told.push(why));
  await store.write('run.json', '{}');
  await store.append('metrics.jsonl', 'one\n');
  await store.write('checkpoints/step-000050.safetensors', 'fifty');
  full = true;
  await store.write('checkpoints/step-000100.safetensors', 'hundred');
  await store.write('latest', 'step-000100');
  await store.append('metrics.jsonl', 'two\n');
  await store.remove('checkpoints/step-000050.safetensors');
  expect(told).toEqual(['cannot write mine/checkpoints/step-000100.safetensors: no space is left']);
  expect(await text(store, 'run.json')).toBe('{}');
  expect(await text(store, 'metrics.jsonl')).toBe('one\ntwo\n');
  expect(await store.list('checkpoints')).toEqual(['step-000100.safetensors']);
  expect([...kept.files.keys()]).toEqual([
    'run.json',
    'metrics.jsonl',
    'checkpoints/step-000050.safetensors',
  ]);
  expect(await text(kept, 'metrics.jsonl')).toBe('one\n');
});
