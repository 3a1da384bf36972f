/** A number of so many significant digits, without an exponent for large ones. */
export function figure(value: number, digits: number): string {
  return Math.abs(value) >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits);
}
