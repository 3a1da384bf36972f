/** What needs a file system; the package's other entry runs in a page too. */
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
  CHECKPOINT_FORMAT,
  type Checkpoint,
  checkpointName,
  checkpointPath,
  checkpointTensor,
  ENGINES,
  type EngineName,
  isUnsaved,
  LOCK,
  MAX_THREADS,
  type Pointed,
  type Pointer,
  pointerText,
  type Run,
  readCheckpoint,
  readPointer,
  readRun,
  runSchema,
} from './run-folder.ts';
export { MAX_FILE_BYTES as MAX_WEIGHTS_FILE_BYTES } from './safetensors.ts';
export { readWeights, type WeightsFile, type WeightTensor, writeWeights } from './weights-file.ts';
