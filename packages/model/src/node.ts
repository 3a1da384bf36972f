/** What needs a file system; the package's other entries run in a page too. */

export {
  type Checkpoint,
  type CheckpointChoice,
  checkpointMetadata,
  checkpointName,
  checkpointStep,
  checkpointTensor,
  nonFinite,
} from './checkpoint.ts';
export { download, type StreamOptions } from './download.ts';
export {
  fileError,
  isTemporary,
  openRegular,
  type RegularFile,
  readFileWithin,
  removeTemporaryFiles,
  temporaryPath,
  writeFileAtomic,
} from './files.ts';
export {
  checkpointPath,
  checkpointSteps,
  folderStore,
  isUnsaved,
  readCheckpoint,
  readPointer,
  readRun,
  runOf,
} from './folder-store.ts';
export {
  ENGINES,
  type EngineName,
  LOCK,
  MAX_THREADS,
  type Pointed,
  type Pointer,
  pointerText,
  type Run,
  runSchema,
  WARNINGS,
} from './run-folder.ts';
export { type Change, changesAt, differenceOf, originOf, runAt } from './run-history.ts';
export { MAX_FILE_BYTES as MAX_WEIGHTS_FILE_BYTES, type WeightTensor } from './safetensors.ts';
export type { WeightsFile } from './weights.ts';
export { readWeights, writeWeights } from './weights-file.ts';
