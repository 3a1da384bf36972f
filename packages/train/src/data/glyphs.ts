import type { Dataset } from './dataset.ts';
export function glyphs(_: { count?: number; seed: number }): Dataset { throw new Error('soon'); }
