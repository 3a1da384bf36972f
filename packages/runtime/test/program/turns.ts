/** Cases: the order of calls, cancellation, the end. */
import { float32 } from '@ganport/onnx';
import { expectData, expectEqual, expectRefusal, expectThat, rejection } from './assert.ts';
import type { ProgramCase } from './case.ts';
import { ACCUMULATOR, accumulator, ramp, SIDE, slow } from './models.ts';

const ones = float32(new Float32Array(SIDE * SIDE).fill(1), [SIDE, SIDE]);

const now = () => performance.now();

export const turnCases: readonly ProgramCase[] = [
  {
    name: 'what is asked for at once takes turns in order',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const [one, early, two, , late, three] = await Promise.all([
        program.run({ x: ramp(1) }),
        program.read(['sum']),
        program.run({ x: ramp(1) }),
        program.write({ sum: ramp(10) }),
        program.read(['sum']),
        program.run({ x: ramp(1) }),
      ]);
      expectEqual(
        { one, early, two, late, three },
        {
          one: { doubled: ramp(2) },
          early: { sum: ramp(1) },
          two: { doubled: ramp(4) },
          late: { sum: ramp(10) },
          three: { doubled: ramp(22) },
        },
        'results',
      );
    },
  },
  {
    name: 'two programs run at once',
    async run({ open }) {
      const [a, b] = await Promise.all([
        open(accumulator(), ACCUMULATOR),
        open(accumulator(), ACCUMULATOR),
      ]);
      await Promise.all([1, 2, 3].flatMap((i) => [a.run({ x: ramp(i) }), b.run({ x: ramp(-i) })]));
      expectEqual(await a.read(['sum']), { sum: ramp(6) }, 'the sum of one');
      expectEqual(await b.read(['sum']), { sum: ramp(-6) }, 'the sum of the other');
    },
  },
  {
    name: 'a signal that was aborted before keeps a run from beginning',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      const error = await rejection(program.run({ x: ramp(1) }, { signal }), 'the run');
      expectThat(error === reason, `expected the signal's reason, got ${error}`);
      expectEqual(await program.read(['sum']), { sum: ramp(0) }, 'the sum');
    },
  },
  {
    name: 'a run that is cancelled while it waits never begins',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const controller = new AbortController();
      const before = program.run({ x: ramp(1) });
      const waiting = program.run({ x: ramp(1) }, { signal: controller.signal });
      const after = program.run({ x: ramp(1) });
      controller.abort(new Error('enough'));
      expectEqual((await rejection(waiting, 'the run')).message, 'enough', 'its error');
      await before;
      expectEqual(await after, { doubled: ramp(4) }, 'the run after it');
    },
  },
  {
    name: 'a run that is cancelled under way leaves the state as it was (slow)',
    async run({ open, traits: { cancels, slowProducts } }) {
      const program = await open(slow(slowProducts), { state: { sum: 'sum_next' } });
      const start = now();
      await program.run({ x: ones });
      const whole = now() - start;
      const controller = new AbortController();
      const begun = now();
      const run = program.run({ x: ones }, { signal: controller.signal });
      const outcome = rejection(run, 'the run');
      // Where a run holds the thread, a timer comes too late: it is aborted as it begins.
      if (cancels) setTimeout(() => controller.abort(new Error('enough')), whole / 10);
      else Promise.resolve().then(() => controller.abort(new Error('enough')));
      expectEqual((await outcome).message, 'enough', 'its error');
      const took = now() - begun;
      if (cancels) {
        expectThat(
          took < whole / 2,
          `cancelled after a tenth of ${whole} ms, it took ${took} ms to end`,
        );
      }
      expectData((await program.read(['sum'])).sum, [1], 'the sum');
      await program.run({ x: ones });
      expectData((await program.read(['sum'])).sum, [2], 'the sum after another run');
    },
  },
  {
    name: 'a signal that is aborted after a run changes nothing',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const controller = new AbortController();
      await program.run({ x: ramp(1) }, { signal: controller.signal });
      controller.abort();
      expectEqual(await program.run({ x: ramp(1) }), { doubled: ramp(4) }, 'the next run');
    },
  },
  {
    name: 'closing waits for what was asked for before, and is done once',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const [outputs, state] = await Promise.all([
        program.run({ x: ramp(1) }),
        program.read(['sum']),
        program.close(),
        program.close(),
      ]);
      expectEqual(outputs, { doubled: ramp(2) }, 'the run');
      expectEqual(state, { sum: ramp(1) }, 'the state');
      await program.close();
      await expectRefusal(program.run({ x: ramp(1) }), /closed/, 'a run after it');
      await expectRefusal(program.read(['sum']), /closed/, 'a read after it');
      await expectRefusal(program.write({ sum: ramp(1) }), /closed/, 'a write after it');
    },
  },
];
