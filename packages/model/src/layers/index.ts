/** The layers a network is made of. */
import * as LAYERS from './table.ts';

export {
  type Distribution,
  type Init,
  LayerError,
  type LayerKind,
  type LowerContext,
  nameSchema,
  type Parameter,
  type Size,
} from './contract.ts';
export { LAYERS };

export type LayerType = keyof typeof LAYERS;
