/** Run folder → generator.onnx, in Node. */
import { folderStore } from '@ganport/model/node';
import { openProgram } from '@ganport/runtime/node';
import { type Exported, type ExportFromOptions, exportFrom } from './export-from.ts';
import type { OpenModel } from './verify.ts';

export interface ExportOptions extends Omit<ExportFromOptions, 'open'> {
  /** Opens what is compared; on the CPU by default. */
  open?: OpenModel;
}

const openOnCpu: OpenModel = (model) => openProgram(model, { device: 'cpu' });

/** See `exportFrom`. */
export function exportGenerator(
  folder: string,
  { open = openOnCpu, ...options }: ExportOptions,
): Promise<Exported> {
  return exportFrom(folderStore(folder), { open, ...options });
}
