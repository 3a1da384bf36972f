/** Operators that work element by element, with NumPy's broadcasting. */
import { OnnxError } from '../error.ts';
import { DATA_TYPES, type DType } from '../tensor.ts';
import {
  type Dim,
  makeOwn,
  makeValue,
  type Shape,
  scalar,
  showShape,
  type Value,
} from '../value.ts';

const unary =
  (op: string) =>
  (x: Value): Value =>
    makeValue(op, [x], {}, x.dtype, x.shape);

const binary =
  (op: string, result?: DType) =>
  (a: Value, b: Value): Value => {
    if (a.dtype !== b.dtype) throw new OnnxError(`${op}: got ${a.dtype} and ${b.dtype}`);
    return makeValue(op, [a, b], {}, result ?? a.dtype, broadcast(op, a.shape, b.shape));
  };

export const Abs = unary('Abs');
export const Exp = unary('Exp');
export const Identity = unary('Identity');
export const Log = unary('Log');
export const Neg = unary('Neg');
export const Relu = unary('Relu');
export const Sigmoid = unary('Sigmoid');
export const Sign = unary('Sign');
export const Softplus = unary('Softplus');
export const Sqrt = unary('Sqrt');
export const Tanh = unary('Tanh');

export const Add = binary('Add');
export const Div = binary('Div');
export const Mul = binary('Mul');
export const Sub = binary('Sub');
export const Equal = binary('Equal', 'bool');
export const Greater = binary('Greater', 'bool');

/** x itself, which no gradient flows back through. */
export function stopGradient(x: Value): Value {
  return makeOwn('StopGradient', [x], {}, x, () => x);
}

/** keep · old + (1 − keep) · fresh. */
export function blend(old: Value, fresh: Value, keep: number): Value {
  return Add(Mul(old, scalar(keep)), Mul(fresh, scalar(1 - keep)));
}

export function LeakyRelu(x: Value, alpha: number): Value {
  return makeValue('LeakyRelu', [x], { alpha: { float: alpha } }, x.dtype, x.shape);
}

/** alpha · x + beta, limited to [0, 1]. */
export function HardSigmoid(x: Value, alpha: number, beta: number): Value {
  const attributes = { alpha: { float: alpha }, beta: { float: beta } };
  return makeValue('HardSigmoid', [x], attributes, x.dtype, x.shape);
}

/** Limits `x` to [min, max]. */
export function Clip(x: Value, min: number, max: number): Value {
  return makeValue('Clip', [x, scalar(min), scalar(max)], {}, x.dtype, x.shape);
}

export function Where(condition: Value, a: Value, b: Value): Value {
  if (condition.dtype !== 'bool' || a.dtype !== b.dtype) {
    const got = `${condition.dtype}, ${a.dtype} and ${b.dtype}`;
    throw new OnnxError(`Where: expected a bool and two of one type, got ${got}`);
  }
  const shape = broadcast('Where', broadcast('Where', condition.shape, a.shape), b.shape);
  return makeValue('Where', [condition, a, b], {}, a.dtype, shape);
}

export function Cast(x: Value, to: DType): Value {
  return makeValue('Cast', [x], { to: DATA_TYPES[to] }, to, x.shape);
}

/** The shape two shapes broadcast to; a size-1 or missing dimension stretches. */
export function broadcast(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i): Dim => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p === q || q === 1) return p;
    if (p === 1) return q;
    throw new OnnxError(`${op}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
  });
}
