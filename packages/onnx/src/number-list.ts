/** Numbers in one block of memory, read one by one or as a packed list. */

const ARRAYS = {
  float: Float32Array,
  double: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

export type NumberType = keyof typeof ARRAYS;
export type Numbers = InstanceType<(typeof ARRAYS)[NumberType]>;

/**
 * Old and new block together take 2¼ times what is in the old one: of numbers of two bytes in a file, which take
 * eight here, nine times what the file has.
 */
const GROWTH = 1.25;

export class NumberList {
  #numbers: Numbers;
  #length: number;

  /** @param finished a list to go on with: messages that come twice are merged */
  constructor(type: NumberType, finished?: Numbers) {
    const TypedArray = ARRAYS[type];
    // Its room to grow is still behind it.
    this.#numbers = finished ? new TypedArray(finished.buffer as ArrayBuffer) : new TypedArray(0);
    this.#length = finished?.length ?? 0;
  }

  /** Makes room for `count` more. */
  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#numbers.length) return;
    const TypedArray = this.#numbers.constructor as new (length: number) => Numbers;
    // A lone packed list takes what it needs.
    const room = this.#length === 0 ? needed : Math.max(needed, Math.ceil(this.#length * GROWTH));
    const grown = new TypedArray(room);
    grown.set(this.#numbers as never);
    this.#numbers = grown;
  }

  push(value: unknown): void {
    this.reserve(1);
    this.#numbers[this.#length++] = value as never;
  }

  finish(): Numbers {
    return this.#numbers.subarray(0, this.#length);
  }
}
