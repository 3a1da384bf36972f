/** Runs wherever their files are: see `RunStore`. In Node, runs in folders are read by the entry ./node. */
export {
  type Checkpoint,
  type CheckpointChoice,
  checkpointFile,
  checkpointMetadata,
  checkpointName,
  checkpointStep,
  checkpointSteps,
  checkpointTensor,
  isUnsaved,
  nonFinite,
  readCheckpoint,
  runOf,
} from './checkpoint.ts';
export { digestInPage, type MemoryStore, memoryStore } from './memory-store.ts';
export {
  type EngineName,
  type Pointed,
  type Pointer,
  pointerText,
  type Run,
  type RunDevice,
  readPointer,
  readRun,
  runSchema,
  WARNINGS,
} from './run-folder.ts';
export { type Change, changesAt, differenceOf, originOf, runAt } from './run-history.ts';
export type { RunStore, Sha256 } from './run-store.ts';
export { encodeWeights } from './weights.ts';
