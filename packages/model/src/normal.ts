/**
 * The normal quantile from + − × ÷ and sqrt alone, which IEEE 754 rounds alike on every machine.
 * Math.log, exp, sin and pow are left to each engine, and differ between them.
 */

// The coefficients of PPND16 have the digits that a double holds. Polynomials are written out and
// branches taken in bulk because latents are drawn for every training step.

/** Where the central polynomials end, and 0.425². */
const CENTRAL_WIDTH = 0.425;
const CENTRAL_SQUARE = 0.180625;

/**
 * The z with P(Z ≤ z) = p for a standard normal Z, 0 < p < 1, to about 1 part in 10^16: PPND16 of
 * Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics
 * 37(3), 1988.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  return q >= -CENTRAL_WIDTH && q <= CENTRAL_WIDTH ? central(q) : tail(p);
}

/**
 * P(|Z| ≤ z) of a standard normal Z, from below, for 0 < z ≤ 6: found by bisection, so that it rounds alike
 * everywhere, as the quantile does.
 */
export function normalWithin(z: number): number {
  let [low, high] = [0, 0.5];
  for (let halvings = 0; halvings < 60; halvings += 1) {
    const p = (low + high) / 2;
    if (normalQuantile(p) < -z) low = p;
    else high = p;
  }
  return 1 - 2 * high;
}

/**
 * Fills `out` with the normal quantiles of random words: `normalQuantile((word + 0.5) / 2^32)` each.
 * One word in seven is in a tail, which no processor guesses: they are left to a second pass.
 * @param width of the interval of probabilities about a half that words are spread over, 1 or less
 */
export function fillNormal(out: Float32Array, words: Uint32Array, width = 1): void {
  const inTail = new Uint32Array(words.length);
  const limit = Math.min((CENTRAL_WIDTH / width) * 2 ** 32 - 0.5, 2 ** 31 - 1) | 0;
  let tails = 0;
  for (let i = 0; i < words.length; i += 1) {
    // From −2^31, the middle at 0.
    const word = words[i]! ^ 0x80000000;
    out[i] = central(((word + 0.5) / 2 ** 32) * width);
    // Without a branch: 1 is added where the word, or its complement, is beyond the limit.
    inTail[tails] = i;
    tails += (limit - (word ^ (word >> 31))) >>> 31;
  }
  for (let k = 0; k < tails; k += 1) {
    const i = inTail[k]!;
    out[i] = tail(((words[i]! + 0.5) / 2 ** 32 - 0.5) * width + 0.5);
  }
}

/** The quantile of p = q + 0.5 for |q| ≤ 0.425; beyond, some number. */
// biome-ignore format: a coefficient per line.
function central(q: number): number {
  const x = CENTRAL_SQUARE - q * q;
  const above = ((((((2509.0809287301227
    * x + 33430.57558358813)
    * x + 67265.7709270087)
    * x + 45921.95393154987)
    * x + 13731.69376550946)
    * x + 1971.5909503065513)
    * x + 133.14166789178438)
    * x + 3.3871328727963665;
  const below = ((((((5226.495278852854
    * x + 28729.085735721943)
    * x + 39307.89580009271)
    * x + 21213.794301586597)
    * x + 5394.196021424751)
    * x + 687.1870074920579)
    * x + 42.31333070160091)
    * x + 1;
  return q * (above / below);
}

/** The quantile of p for |p − 0.5| > 0.425. */
function tail(p: number): number {
  const r = Math.sqrt(-logarithm(p < 0.5 ? p : 1 - p));
  const z = r <= 5 ? nearTail(r - 1.6) : farTail(r - 5);
  return p < 0.5 ? -z : z;
}

/** |z| where r = √(−ln p) ≤ 5, from x = r − 1.6. */
// biome-ignore format: a coefficient per line.
function nearTail(x: number): number {
  const above = ((((((0.0007745450142783414
    * x + 0.022723844989269184)
    * x + 0.2417807251774506)
    * x + 1.2704582524523684)
    * x + 3.6478483247632045)
    * x + 5.769497221460691)
    * x + 4.630337846156546)
    * x + 1.4234371107496835;
  const below = ((((((1.0507500716444169e-9
    * x + 0.0005475938084995345)
    * x + 0.015198666563616457)
    * x + 0.14810397642748008)
    * x + 0.6897673349851)
    * x + 1.6763848301838038)
    * x + 2.053191626637759)
    * x + 1;
  return above / below;
}

/** |z| where r > 5, from x = r − 5. */
// biome-ignore format: a coefficient per line.
function farTail(x: number): number {
  const above = ((((((2.0103343992922881e-7
    * x + 0.000027115555687434876)
    * x + 0.0012426609473880784)
    * x + 0.026532189526576124)
    * x + 0.29656057182850487)
    * x + 1.7848265399172913)
    * x + 5.463784911164114)
    * x + 6.657904643501103;
  const below = ((((((2.0442631033899397e-15
    * x + 1.421511758316446e-7)
    * x + 0.000018463183175100548)
    * x + 0.0007868691311456133)
    * x + 0.014875361290850615)
    * x + 0.1369298809227358)
    * x + 0.599832206555888)
    * x + 1;
  return above / below;
}

/** ln x for 0 < x < 1: ln(m · 2^e) = e ln 2 + 2 artanh((m − 1) / (m + 1)), √½ ≤ m < √2. */
// biome-ignore format: a term per line.
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
  const series = (((((((((1 / 21
    * t + 1 / 19)
    * t + 1 / 17)
    * t + 1 / 15)
    * t + 1 / 13)
    * t + 1 / 11)
    * t + 1 / 9)
    * t + 1 / 7)
    * t + 1 / 5)
    * t + 1 / 3)
    * t + 1;
  return exponent * Math.LN2 + 2 * s * series;
}
