/** onnxruntime-web where a bundler put it, unless the page names a folder of its files. */
import { bundled } from './bundled-runtime.ts';
import type { OpenEngine } from './engine.ts';
import { inFolder, runtimeLoader } from './load-runtime.ts';
import { ortEngine } from './ort-engine.ts';

export const openOrt: OpenEngine = (ask, events) =>
  ortEngine(runtimeLoader(ask.base === undefined ? bundled : inFolder(ask.base)))(ask, events);
