export { type ExportOptions, exportGenerator } from './export.ts';
export type { Exported } from './export-from.ts';
export type { ImageOutput } from './generator.ts';
