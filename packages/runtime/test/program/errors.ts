/** Cases: bad feeds, bad state, bad models. */
import { buildModel, encodeModel, float32, input, ops, scalar, type Tensor } from '@ganport/onnx';
import type { Program } from '../../src/program.ts';
import { expectEqual, expectRefusal } from './assert.ts';
import type { ProgramCase } from './case.ts';
import { ACCUMULATOR, accumulator, modelOf, ramp } from './models.ts';

/** For "x" as well as "sum": expected float32 [2, 3]. */
const WRONG_TENSORS: [string, Tensor, RegExp][] = [
  [
    'of another type',
    { dtype: 'int32', shape: [2, 3], data: new Int32Array(6) },
    /float32 \[2, 3\].*int32/,
  ],
  ['of another shape', float32(new Float32Array(6), [3, 2]), /float32 \[2, 3\].*\[3, 2\]/],
  ['of another rank', float32(new Float32Array(6)), /float32 \[2, 3\].*\[6\]/],
  ['of too few elements', float32(new Float32Array(5), [2, 3]), /6 elements.*5/],
  ['of too many elements', float32(new Float32Array(7), [2, 3]), /6 elements.*7/],
  [
    'in an array of another type',
    { dtype: 'float32', shape: [2, 3], data: new Int32Array(6) },
    /Float32Array.*Int32Array/,
  ],
  [
    'that is not a tensor',
    new Float32Array(6) as unknown as Tensor,
    /float32 \[2, 3\].*not a tensor/,
  ],
];

const REFUSALS: [string, (program: Program) => Promise<unknown>, RegExp][] = [
  ...WRONG_TENSORS.flatMap(([what, tensor, got]): typeof REFUSALS => [
    [`a feed ${what}`, (program) => program.run({ x: tensor }), prefixed('x', got)],
    [`a write ${what}`, (program) => program.write({ sum: tensor }), prefixed('sum', got)],
  ]),
  ['a missing feed', (program) => program.run({}), /"x".*float32 \[2, 3\]/],
  ['an unknown feed', (program) => program.run({ x: ramp(1), y: ramp(1) }), /"y".*x/],
  ['state as a feed', (program) => program.run({ x: ramp(1), sum: ramp(1) }), /"sum".*state/],
  ['a feed as state', (program) => program.write({ x: ramp(1) }), /"x".*sum/],
  [
    'a write of two tensors, one of them wrong',
    (program) => program.write({ sum: ramp(1), nothing: ramp(1) }),
    /"nothing".*sum/,
  ],
  ['a read of no state', (program) => program.read(['sum', 'doubled']), /"doubled".*sum/],
];

/** The message is about this input, and goes on like this. */
function prefixed(name: string, { source }: RegExp): RegExp {
  return new RegExp(`"${name}".*${source}`);
}

const BAD_STATE: [string, Record<string, string | null>, RegExp][] = [
  ['is no input', { nothing: 'same' }, /"nothing".*a, b, c/],
  ['takes no output', { a: 'nothing' }, /"a".*"nothing".*same, ints, batch/],
  ['takes an output of another type', { a: 'ints' }, /"a" is float32 \[2\].*"ints" is int64 \[2\]/],
  [
    'takes an output of another shape',
    { a: 'batch' },
    /"a" is float32 \[2\].*"batch" is.*\[N, 2\]/,
  ],
  ['has no known size', { c: 'batch' }, /"c".*\[N, 2\].*known/],
  ['takes an output that another takes', { a: 'same', b: 'same' }, /"b".*"same".*"a"/],
];

function modelForBadState(): Uint8Array {
  const [a, b] = [input('a', 'float32', [2]), input('b', 'float32', [2])];
  const c = input('c', 'float32', ['N', 2]);
  const outputs = { same: ops.Add(a, b), ints: ops.Cast(a, 'int64'), batch: ops.Neg(c) };
  return modelOf([a, b, c], outputs);
}

const BAD_MODELS: [string, () => Uint8Array][] = [
  ['an empty file', () => new Uint8Array()],
  ['garbage', () => Uint8Array.from({ length: 400 }, (_, i) => (i * 89 + 7) % 256)],
  ['a model that is cut off', () => accumulator().subarray(0, accumulator().length / 2)],
];

export const errorCases: readonly ProgramCase[] = [
  ...REFUSALS.map(
    ([name, call, pattern]): ProgramCase => ({
      name: `${name} is refused, and the state stays`,
      async run({ open }) {
        const program = await open(accumulator(), ACCUMULATOR);
        await program.run({ x: ramp(1) });
        await expectRefusal(call(program), pattern, name);
        expectEqual(await program.read(['sum']), { sum: ramp(1) }, 'the sum');
        expectEqual(await program.run({ x: ramp(1) }), { doubled: ramp(4) }, 'the next run');
      },
    }),
  ),
  {
    name: 'a batch of none is refused',
    async run({ open }) {
      const x = input('x', 'float32', ['N', 3]);
      const program = await open(modelOf([x], { y: ops.Neg(x) }));
      const none = program.run({ x: float32([], [0, 3]) });
      await expectRefusal(none, /"x".*float32 \[N, 3\].*\[0, 3\]/, 'the run');
    },
  },
  {
    name: 'a run that fails under way leaves the state as it was',
    async run({ open }) {
      const [a, b] = [input('a', 'float32', ['N', 1]), input('b', 'float32', ['N', 1])];
      const sum = input('sum', 'float32', []);
      const next = ops.Add(sum, scalar(1));
      const model = modelOf([a, b, sum], { sum_next: next, y: ops.Mul(ops.Add(a, b), next) });
      const program = await open(model, { state: { sum: 'sum_next' } });
      const column = (count: number) => float32(new Float32Array(count).fill(1), [count, 1]);
      await program.run({ a: column(2), b: column(2) });
      const [two, three] = [column(2), column(3)];
      await expectRefusal(
        program.run({ a: two, b: three }),
        /^the run failed: .*(Add|2 by 3|3 by 2)/,
        'the run',
      );
      await expectRefusal(
        program.run({ a: three, b: two }),
        /^the run failed: .*(Add|2 by 3|3 by 2)/,
        'another',
      );
      const { y } = await program.run({ a: column(3), b: column(3) });
      expectEqual(y, float32([4, 4, 4], [3, 1]), 'y of the next run');
      expectEqual(await program.read(['sum']), { sum: float32(2) }, 'the sum');
    },
  },
  ...BAD_STATE.map(
    ([name, state, pattern]): ProgramCase => ({
      name: `state that ${name} is refused`,
      run: ({ open }) => expectRefusal(open(modelForBadState(), { state }), pattern, 'opening'),
    }),
  ),
  ...BAD_MODELS.map(
    ([name, model]): ProgramCase => ({
      name: `${name} is refused, and the next model opens`,
      async run({ open }) {
        await expectRefusal(open(model()), /^cannot open the model/, name);
        const program = await open(accumulator(), ACCUMULATOR);
        expectEqual(await program.run({ x: ramp(1) }), { doubled: ramp(2) }, 'a run');
      },
    }),
  ),
  {
    name: 'an input of a type that tensors here cannot have is refused',
    async run({ open }) {
      const x = input('x', 'float32', [2]);
      const model = buildModel({ name: 'case', inputs: [x], outputs: { y: ops.Identity(x) } });
      const DOUBLE = 11;
      for (const { type } of [...model.graph!.input, ...model.graph!.output]) {
        type!.tensorType!.elemType = DOUBLE;
      }
      await expectRefusal(open(encodeModel(model)), /"x".*float64/, 'opening');
    },
  },
];
