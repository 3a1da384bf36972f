import { OnnxError } from '../error.ts';
import { Concat, Expand, Gather, Pad, Reshape, Slice, Transpose } from '../ops/index.ts';
import { constantOf, knownDim, knownShape, scalar, type Value } from '../value.ts';
import { type Rule, rule } from './rule.ts';

/** The numbers of a constant input: axes, sizes, indices. */
function numbers(value: Value): number[] {
  return Array.from(constantOf(value)!.data, Number);
}

/** The part of `x` from `start` to `end` of `axis`. */
function part(x: Value, axis: number, start: number, end: number): Value {
  return Slice(x, { axes: [axis], starts: [start], ends: [end] });
}

/** Puts `step` − 1 zeros behind each element along `axis`. */
function spread(x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const shape = knownShape(x.shape, 'the gradient of Slice');
  const before = shape.slice(0, axis + 1);
  const after = shape.slice(axis + 1);
  const ends = [...before, 1, ...after].map((_, i) => (i === axis + 1 ? step - 1 : 0));
  const padded = Pad(
    Reshape(x, [...before, 1, ...after]),
    ends.map(() => 0),
    ends,
  );
  return Reshape(padded, shape.with(axis, shape[axis]! * step));
}

/** Zeros of a value's shape. */
export function zerosLike(value: Value): Value {
  return Expand(scalar(0), knownShape(value.shape, 'a zero gradient'));
}

export const shapeRules: Readonly<Record<string, Rule>> = {
  Reshape: rule(([x], dy) => [() => Reshape(dy, x!.shape)]),
  Expand: rule((_inputs, dy) => [() => dy]),
  Transpose: rule((_inputs, dy, _y, { perm }) => {
    const axes = perm as readonly number[];
    return [
      () =>
        Transpose(
          dy,
          axes.map((_, axis) => axes.indexOf(axis)),
        ),
    ];
  }),

  Concat: rule((inputs, dy, _y, { axis }) => {
    let end = 0;
    return inputs.map((x) => {
      const start = end;
      end += knownDim(x, axis as number, 'the gradient of Concat');
      return () => part(dy, axis as number, start, start + (x.shape[axis as number] as number));
    });
  }),
  Split: ({ outputs, attributes }, dys) => [
    () =>
      Concat(
        outputs.map((y, i) => dys[i] ?? zerosLike(y)),
        attributes.axis as number,
      ),
  ],

  Slice: rule(([x, starts, , axes, steps], dy) => [
    () => {
      const [first, along, step] = [numbers(starts!), numbers(axes!), numbers(steps!)];
      let dx = dy;
      along.forEach((axis, i) => {
        const size = knownDim(x!, axis, 'the gradient of Slice');
        dx = spread(dx, axis, step[i]!);
        // Zeros behind the last element may reach past the end: they are cut off.
        const room = size - first[i]!;
        if ((dx.shape[axis] as number) > room) dx = part(dx, axis, 0, room);
        const zeros = x!.shape.map(() => 0);
        const behind = room - (dx.shape[axis] as number);
        dx = Pad(dx, zeros.with(axis, first[i]!), zeros.with(axis, behind));
      });
      return dx;
    },
  ]),
  Pad: rule(([x, pads], dy) => [
    () => {
      const begins = numbers(pads!).slice(0, x!.rank);
      const axes = x!.shape.flatMap((dim, axis) => (dim === dy.shape[axis] ? [] : [axis]));
      const starts = axes.map((axis) => begins[axis]!);
      const ends = axes.map((axis, i) => starts[i]! + (x!.shape[axis] as number));
      return axes.length === 0 ? dy : Slice(dy, { axes, starts, ends });
    },
  ]),
  Gather: rule(([x, indices], dy, _y, { axis }) => [
    () => {
      const order = numbers(indices!);
      const size = knownDim(x!, axis as number, 'the gradient of Gather');
      const inverse = Array.from({ length: size }, (_, i) => order.indexOf(i));
      if (order.length !== size || inverse.includes(-1)) {
        throw new OnnxError(
          'the gradient of Gather: the indices must be a permutation of the axis',
        );
      }
      return Gather(dy, inverse, axis as number);
    },
  ]),
};
