/** Where a run waits between steps: a loop of numbers in place of one. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createGate, type Gate } from '../src/web/gate.ts';

/** Takes steps as training does: after each it asks, and saves when it is told to. */
function loopOf(gate: Gate, until: number) {
  const loop = { step: 0, saved: [] as number[], ended: Promise.resolve() };
  const run = async () => {
    while (loop.step < until) {
      loop.step += 1;
      while ((await gate.pass()) === 'save') loop.saved.push(loop.step);
    }
    gate.end(new Error('the end'));
  };
  loop.ended = run();
  return loop;
}

test('a run stands still once it is paused, takes single steps, and goes on', async () => {
  const gate = createGate();
  const loop = loopOf(gate, 1000);
  await gate.pause();
  const { step } = loop;
  for (let i = 0; i < 20; i++) await setImmediate();
  expect(loop.step).toBe(step);
  gate.step();
  await gate.pause();
  expect(loop.step).toBe(step + 1);
  gate.resume();
  await loop.ended;
  expect(loop.step).toBe(1000);
  await gate.pause();
});

test('what is asked for is done once the run is saved, before the next step, paused or not', async () => {
  const gate = createGate();
  const loop = loopOf(gate, 1000);
  const seen = await gate.whenSaved(async () => {
    const before = loop.step;
    await setImmediate();
    return [before, loop.step];
  });
  expect(seen).toEqual([loop.saved[0], loop.saved[0]]);
  await gate.pause();
  const { step } = loop;
  expect(await gate.whenSaved(async () => loop.step)).toBe(step);
  expect(loop.saved.at(-1)).toBe(step);
  await expect(gate.whenSaved(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  gate.resume();
  await loop.ended;
  await expect(gate.whenSaved(async () => 1)).rejects.toThrow('the end');
});

test('other messages are heard between steps', async () => {
  const gate = createGate();
  const { port1, port2 } = new MessageChannel();
  const loop = loopOf(gate, 100_000);
  port1.onmessage = () => gate.pause();
  port2.postMessage(null);
  while (
    !loop.saved.length &&
    loop.step < 50_000 &&
    !(await Promise.race([gate.pause().then(() => true), setImmediate(false)]))
  ) {}
  expect(loop.step).toBeLessThan(50_000);
  port1.close();
  gate.resume();
  gate.end(new Error('enough'));
});
