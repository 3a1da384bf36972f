/** What needs a file system; the package's other entry runs in a page too. */

export {
  type Checkpoint,
  type CheckpointChoice,
  checkpointMetadata,
  checkpointName,
  checkpointPath,
  checkpointStep,
  checkpointSteps,
  checkpointTensor,
  isUnsaved,
  nonFinite,
  readCheckpoint,
  runOf,
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
  ENGINES,
  type EngineName,
  LOCK,
  MAX_THREADS,
  type Pointed,
  type Pointer,
  pointerText,
  type Run,
  readPointer,
  readRun,
  runSchema,
  WARNINGS,
} from './run-folder.ts';
export { type Change, changesAt, differenceOf, originOf, runAt } from './run-history.ts';
export { MAX_FILE_BYTES as MAX_WEIGHTS_FILE_BYTES } from './safetensors.ts';
export { readWeights, type WeightsFile, type WeightTensor, writeWeights } from './weights-file.ts';
