/** Values of a metric by step, in order. */
export type Series = [step: number, value: number][];
