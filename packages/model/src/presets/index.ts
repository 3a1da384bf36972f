/** The networks that come with ganport, for images of a size. */
import { cdcgan } from './cdcgan.ts';
import { dcgan } from './dcgan.ts';
import type { Preset } from './preset.ts';
import { projection } from './projection.ts';
import { conv, mlp, quick } from './published.ts';
import { r3gan } from './r3gan.ts';
import { resnet } from './resnet.ts';
import { sngan } from './sngan.ts';

export type { GanSpec, ImageSize, Preset } from './preset.ts';

export const PRESETS = {
  mlp,
  conv,
  quick,
  dcgan,
  cdcgan,
  projection,
  sngan,
  resnet,
  r3gan,
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
