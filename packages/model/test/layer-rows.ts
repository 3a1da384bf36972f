/**
 * A row for each kind of layer: what it computes, written from its definition and not from its lowering,
 * what it is tried on, and what it refuses. layers.test.ts goes through them.
 */
import type { LayerType } from '../src/layers/index.ts';
import { ACTIVATION } from './layer-rows/activation.ts';
import { IMAGE } from './layer-rows/image.ts';
import { NORM } from './layer-rows/norm.ts';
import type { Row } from './layer-rows/row.ts';
import { WEIGHTED } from './layer-rows/weighted.ts';

export const ROWS: Record<LayerType, Row> = { ...WEIGHTED, ...NORM, ...ACTIVATION, ...IMAGE };
