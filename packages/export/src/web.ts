/** Export in a page: of a run whose files are anywhere, compared by whatever opens a model there. */
export { type Exported, type ExportFromOptions, exportFrom } from './export-from.ts';
