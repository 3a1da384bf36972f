/**
 * What passes take and give. A pass is a pure function whose docstring says what holds before and after
 * it; the order they run in stands in export.ts.
 */
import type { Network } from '@ganport/model';

/** Float32 numbers by parameter name. */
export type WeightArrays = Readonly<Record<string, Float32Array>>;

export interface WeightedNetwork {
  network: Network;
  weights: WeightArrays;
}
