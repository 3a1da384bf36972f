export { type Exported, type ExportOptions, exportGenerator } from './export.ts';
export type { ImageOutput } from './generator.ts';
