/**
 * The normal quantile from + − × ÷ and sqrt alone, which IEEE 754 rounds alike on every machine.
 * Math.log, exp, sin and pow are left to each engine, and differ between them.
 */

// Coefficients of PPND16, from the highest power down, with the digits a double holds.

type Ratio = readonly [numerator: readonly number[], denominator: readonly number[]];

/** |q| ≤ 0.425, in 0.425² − q². */
const CENTRAL: Ratio = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
    1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
    687.1870074920579, 42.31333070160091, 1,
  ],
];

/** r = √(−ln p) ≤ 5, in r − 1.6. */
const TAIL: Ratio = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
  ],
];

/** r > 5, in r − 5. */
const FAR_TAIL: Ratio = [
  [
    2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
  ],
];

/**
 * The z with P(Z ≤ z) = p for a standard normal Z, 0 < p < 1, to about 1 part in 10^16: PPND16 of
 * Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics
 * 37(3), 1988.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) return q * evaluate(CENTRAL, 0.180625 - q * q);
  const r = Math.sqrt(-logarithm(q < 0 ? p : 1 - p));
  const z = r <= 5 ? evaluate(TAIL, r - 1.6) : evaluate(FAR_TAIL, r - 5);
  return q < 0 ? -z : z;
}

/** Ratio of two polynomials of degree 7, coefficients from the highest power down. */
function evaluate([numerator, denominator]: Ratio, x: number): number {
  let above = numerator[0]!;
  let below = denominator[0]!;
  for (let i = 1; i < 8; i += 1) {
    above = above * x + numerator[i]!;
    below = below * x + denominator[i]!;
  }
  return above / below;
}

/** ln x for 0 < x < 1: ln(m · 2^e) = e ln 2 + 2 artanh((m − 1) / (m + 1)), √½ ≤ m < √2. */
function logarithm(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent -= 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const t = s * s;
  // |s| ≤ 0.1716, so the first term left out, t^11 / 23, is below 2^-60.
  let series = 1 / 21;
  for (let odd = 19; odd >= 1; odd -= 2) series = series * t + 1 / odd;
  return exponent * Math.LN2 + 2 * s * series;
}
