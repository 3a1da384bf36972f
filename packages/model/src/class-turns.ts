/** Classes of pictures that are drawn without one being asked for. */

/** Labels [count] of pictures start … start + count − 1: they take turns in all classes, from 0. */
export function turnsIn(classes: number, start: number, count: number): BigInt64Array {
  return BigInt64Array.from({ length: count }, (_, i) => BigInt((start + i) % classes));
}
