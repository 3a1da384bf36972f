/** Cases: what goes in and comes out of a run, and state from run to run. */
import { type DType, float32, input, ops, scalar, type Tensor } from '@ganport/onnx';
import { expectData, expectEqual } from './assert.ts';
import type { ProgramCase } from './case.ts';
import { ACCUMULATOR, accumulator, exchange, modelOf, ramp } from './models.ts';

/** Two tensors [2, 2] of each type. int64 beyond what a double or an int32 holds. */
const OF_EACH_TYPE: Readonly<Record<DType, readonly [Tensor, Tensor]>> = {
  float32: [float32([1.5, -2, 0, 1e-3], [2, 2]), float32([7, 8, 9, 10], [2, 2])],
  uint8: pair('uint8', (values) => Uint8Array.from(values), [0, 1, 128, 255], [4, 3, 2, 1]),
  int32: pair('int32', (values) => Int32Array.from(values), [-1, 2 ** 31 - 1, 0, 5], [6, 7, 8, 9]),
  int64: pair(
    'int64',
    (values) => BigInt64Array.from(values, (value) => BigInt(value) * (2n ** 53n + 1n)),
    [-1, 2, 0, 5],
    [6, 7, 8, 9],
  ),
  bool: pair('bool', (values) => Uint8Array.from(values), [1, 0, 0, 1], [0, 0, 1, 1]),
};

function pair(
  dtype: DType,
  arrayOf: (values: readonly number[]) => Tensor['data'],
  a: readonly number[],
  b: readonly number[],
): readonly [Tensor, Tensor] {
  const tensor = (values: readonly number[]) => ({ dtype, shape: [2, 2], data: arrayOf(values) });
  return [tensor(a), tensor(b)];
}

const eachType = Object.entries(OF_EACH_TYPE) as [DType, readonly [Tensor, Tensor]][];

export const runCases: readonly ProgramCase[] = [
  {
    name: 'inputs and outputs are reported',
    async run({ open }) {
      const [x, z] = [input('x', 'float32', ['N', 3]), input('z', 'int64', [])];
      const model = modelOf([x, z], { y: ops.Greater(x, scalar(0)), z_next: ops.Identity(z) });
      const { inputs, outputs } = await open(model, { state: { z: 'z_next' } });
      expectEqual(
        { inputs, outputs },
        {
          inputs: [
            { name: 'x', dtype: 'float32', shape: ['N', 3] },
            { name: 'z', dtype: 'int64', shape: [] },
          ],
          outputs: [
            { name: 'y', dtype: 'bool', shape: ['N', 3] },
            { name: 'z_next', dtype: 'int64', shape: [] },
          ],
        },
        'ports',
      );
    },
  },
  ...eachType.map(
    ([dtype, [a]]): ProgramCase => ({
      name: `${dtype} goes in and comes out`,
      async run({ open }) {
        const x = input('x', dtype, [2, 2]);
        const model = modelOf([x], { same: ops.Identity(x), number: ops.Cast(x, 'float32') });
        const { same, number } = await (await open(model)).run({ x: a });
        expectEqual(same, a, 'the tensor that went in');
        expectEqual(number, float32(Array.from(a.data, Number), [2, 2]), 'as float32');
      },
    }),
  ),
  {
    name: 'the batch may differ from run to run',
    async run({ open }) {
      const x = input('x', 'float32', ['N', 3]);
      const program = await open(modelOf([x], { y: ops.Mul(x, scalar(2)) }));
      for (const batch of [1, 4, 2]) {
        const values = Array.from({ length: 3 * batch }, (_, i) => i);
        const { y } = await program.run({ x: float32(values, [batch, 3]) });
        const doubled = values.map((value) => 2 * value);
        expectEqual(y, float32(doubled, [batch, 3]), `a batch of ${batch}`);
      }
    },
  },
  {
    name: 'a feed may be a part of a larger buffer',
    async run({ open }) {
      const x = input('x', 'float32', [2]);
      const program = await open(modelOf([x], { y: ops.Neg(x) }));
      const data = Float32Array.of(9, 9, 1, 2, 9).subarray(2, 4);
      expectData((await program.run({ x: float32(data) })).y, [-1, -2], 'y');
    },
  },
  {
    name: 'state begins as zeros and goes from run to run',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      expectEqual(await program.read(['sum']), { sum: ramp(0) }, 'the sum before the first run');
      for (const runs of [1, 2, 3]) {
        const outputs = await program.run({ x: ramp(1) });
        expectEqual(outputs, { doubled: ramp(2 * runs) }, `outputs of run ${runs}`);
      }
      expectEqual(await program.read(['sum']), { sum: ramp(3) }, 'the sum');
      expectEqual(await program.read([]), {}, 'nothing read');
    },
  },
  {
    name: 'state is written and read',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      await program.run({ x: ramp(1) });
      await program.write({ sum: ramp(10) });
      expectEqual(await program.read(['sum']), { sum: ramp(10) }, 'what was written');
      await program.run({ x: ramp(1) });
      await program.run({ x: ramp(1) });
      expectEqual(await program.read(['sum']), { sum: ramp(12) }, 'two runs later');
    },
  },
  {
    name: 'several state tensors, one of which no run changes',
    async run({ open }) {
      const [x, w, m] = ['x', 'w', 'm'].map((name) => input(name, 'float32', [2]));
      const count = input('count', 'int32', []);
      const one = ops.Cast(scalar(1), 'int32');
      const outputs = {
        m_next: ops.Add(ops.Mul(m!, scalar(0.5)), ops.Mul(x!, w!)),
        count_next: ops.Add(count, one),
      };
      const model = modelOf([x!, w!, m!, count], outputs);
      const program = await open(model, {
        state: { w: null, m: 'm_next', count: 'count_next' },
      });
      await program.write({ w: float32([2, -3]), m: float32([8, 16]) });
      for (let i = 0; i < 3; i += 1) {
        expectEqual(await program.run({ x: float32([1, 1]) }), {}, 'outputs that no state takes');
      }
      const { m: moment, w: weight, count: runs } = await program.read(['count', 'm', 'w']);
      expectData(moment, [8 / 8 + 2 * 1.75, 16 / 8 - 3 * 1.75], 'm');
      expectData(weight, [2, -3], 'w');
      expectEqual(runs, { dtype: 'int32', shape: [], data: Int32Array.of(3) }, 'count');
    },
  },
  {
    name: 'state that no run changes, and nothing else',
    async run({ open }) {
      const [x, w] = [input('x', 'float32', ['N', 2]), input('w', 'float32', [2])];
      const program = await open(modelOf([x, w], { y: ops.Mul(x, w) }), { state: { w: null } });
      const ones = float32([1, 1], [1, 2]);
      expectData((await program.run({ x: ones })).y, [0, 0], 'y before w is written');
      await program.write({ w: float32([2, 3]) });
      for (let i = 0; i < 2; i += 1) expectData((await program.run({ x: ones })).y, [2, 3], 'y');
      expectData((await program.read(['w'])).w, [2, 3], 'w');
    },
  },
  ...eachType.map(
    ([dtype, [a, b]]): ProgramCase => ({
      name: `two state tensors of ${dtype} change places`,
      async run({ open }) {
        const program = await open(exchange(dtype), { state: { a: 'b_next', b: 'a_next' } });
        await program.write({ a, b });
        await program.run({});
        expectEqual(await program.read(['a', 'b']), { a, b }, 'each takes itself');
        await program.close();
        const crossed = await open(exchange(dtype), { state: { a: 'a_next', b: 'b_next' } });
        await crossed.write({ a, b });
        for (let i = 0; i < 3; i += 1) await crossed.run({});
        expectEqual(await crossed.read(['a', 'b']), { a: b, b: a }, 'three exchanges');
      },
    }),
  ),
  {
    name: 'outputs and what was read are in memory of their own',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const first = await program.run({ x: ramp(1) });
      const { sum } = await program.read(['sum']);
      await program.run({ x: ramp(5) });
      expectEqual(first.doubled, ramp(2), 'the first outputs after a second run');
      expectEqual(sum, ramp(1), 'what was read before the second run');
      first.doubled!.data.fill(7 as never);
      sum!.data.fill(7 as never);
      expectEqual(await program.read(['sum']), { sum: ramp(6) }, 'the sum');
      expectEqual(await program.run({ x: ramp(1) }), { doubled: ramp(14) }, 'a third run');
    },
  },
  {
    name: 'what is written is taken when it is given, feeds until the run has ended',
    async run({ open }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const [x, sum] = [ramp(1), ramp(10)];
      const written = program.write({ sum });
      sum.data.fill(99 as never);
      const ran = [program.run({ x }), program.run({ x })];
      await Promise.all([written, ...ran]);
      x.data.fill(99 as never);
      expectEqual(await program.read(['sum']), { sum: ramp(12) }, 'the sum');
    },
  },
  {
    name: 'traffic is what crosses to the device and back',
    async run({ open, traits: { stateStays } }) {
      const program = await open(accumulator(), ACCUMULATOR);
      const tensor = 6 * Float32Array.BYTES_PER_ELEMENT;
      const state = stateStays ? 0 : tensor;
      const steps: [string, () => Promise<unknown>, number, number][] = [
        ['a write', () => program.write({ sum: ramp(1) }), tensor - state, 0],
        ['a run', () => program.run({ x: ramp(1) }), tensor + state, tensor + state],
        ['another run', () => program.run({ x: ramp(1) }), tensor + state, tensor + state],
        ['a read', () => program.read(['sum']), 0, tensor - state],
      ];
      for (const [what, step, toDevice, fromDevice] of steps) {
        const before = { ...program.traffic };
        await step();
        const grown = {
          toDevice: program.traffic.toDevice - before.toDevice,
          fromDevice: program.traffic.fromDevice - before.fromDevice,
        };
        expectEqual(grown, { toDevice, fromDevice }, `traffic of ${what}`);
      }
    },
  },
];
